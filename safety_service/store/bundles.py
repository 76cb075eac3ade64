"""Many alarms to one chat as one message: each keeps its row, its alert and its own outcome."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select, update

from safety_service.store import outbox as rows
from safety_service.store import outbox_sql as sql
from safety_service.store.database import Tx
from safety_service.store.outbox import Outgoing
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import outbox

#: As many are taken at most; what is left is the next message's. To open many more would keep an SOS waiting.
MOST = 2000
#: A provider's name is kept to this length.
LONGEST = 120


def name_of(bundle_id: UUID, name_there: str) -> str:
    """What stands as the provider's name in the rows that went out together: there is no message for each alone."""
    return f"{_begins(bundle_id)}{name_there}"[:LONGEST]


def _begins(bundle_id: UUID) -> str:
    return f"with:{bundle_id}:"


async def lease_rest(tx: Tx, channel_ids: Collection[UUID], holder: str, for_: timedelta) -> list[Outgoing]:
    """Every other alarm that waits for these chats and is due, as many as are taken; cries are not among them."""
    asked = {"chats": channel_ids, "now": tx.now, "limit": MOST}
    found = [*await tx.all(sql.REST_LOST, **asked), *await tx.all(sql.REST, **asked)]
    return await rows.hold(tx, [each.id for each in found[:MOST]], holder, for_)


async def give_back(tx: Tx, ids: Collection[UUID]) -> None:
    """Messages that this transaction leased and that are to wait a moment longer: as if they had not been taken."""
    if ids:
        await tx.do(_BACK, ids=ids)


_BACK = Ready(
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="pending", lease_until=None, leased_by=None, attempts=outbox.c.attempts - 1)
)


async def alerts_in(tx: Tx, person_id: UUID, bundle_id: UUID) -> list[UUID]:
    """The alerts of which this person was told by this one message, the oldest first."""
    query = select(outbox.c.alert_id).where(outbox.c.person_id == person_id, outbox.c.alert_id.is_not(None))
    query = query.where(outbox.c.provider_id.startswith(_begins(bundle_id), autoescape=True))
    found = await tx.conn.execute(query.order_by(outbox.c.alert_id))
    return list(dict.fromkeys(found.scalars()))
