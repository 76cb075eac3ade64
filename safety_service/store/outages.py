"""What tells that a channel fails for everybody: messages that wait in it, and how lately it took one."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, union_all

from safety_service.domain.words import Kind, State
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.people import channel


async def waiting_chats(tx: Tx, kind: str, by: datetime) -> dict[UUID, int]:
    """How many chats of each agency have a message that waits since then."""
    return {row.agency_id: row.chats for row in await tx.all(_WAITING, kind=kind, by=by)}


#: Each by an index of its own, which is as small as what waits.
_out = union_all(
    *(
        select(outbox.c.agency_id, outbox.c.channel_id).where(
            outbox.c.state == state, outbox.c.channel == bindparam("kind"), outbox.c.created_at <= bindparam("by")
        )
        for state in ("pending", "sending")
    )
).subquery("out")
_WAITING = Ready(
    select(_out.c.agency_id, func.count(_out.c.channel_id.distinct()).label("chats")).group_by(_out.c.agency_id)
)


async def tried_in_vain(tx: Tx, kind: str) -> bool:
    """Whether a message that waits was tried. After an hour down all of them are old, and none was."""
    query = select(outbox.c.id).where(outbox.c.channel == kind, outbox.c.state.in_(("pending", "sending")))
    return (await tx.conn.execute(query.where(outbox.c.error.is_not(None)).limit(1))).first() is not None


async def live_chats(tx: Tx, kind: str) -> int:
    """How many chats are linked and not blocked."""
    query = select(func.count()).select_from(channel).where(channel.c.kind == kind, channel.c.state == "active")
    return int((await tx.conn.execute(query)).scalar_one())


async def is_known(tx: Tx, agency_id: UUID, not_again_for: timedelta) -> bool:
    """Whether the agency has an open alert about it, or somebody ended one a little while ago."""
    fresh = or_(alert.c.state != State.RESOLVED, alert.c.resolved_at > tx.now - not_again_for)
    query = select(alert.c.id).where(alert.c.agency_id == agency_id, alert.c.kind == Kind.UNDELIVERABLE, fresh)
    return (await tx.conn.execute(query.where(alert.c.worker_id.is_(None)).limit(1))).first() is not None
