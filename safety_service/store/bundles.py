"""Many alarms to one chat as one message: each keeps its row, its alert and its own outcome."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select

from safety_service.store import outbox as rows
from safety_service.store.database import Tx
from safety_service.store.outbox import Outgoing
from safety_service.store.outbox_sql import gathered
from safety_service.store.tables.alerts import outbox

#: As many go into one message at most; what is left is the next one's.
MOST = 2000
#: A provider's name is kept to this length.
LONGEST = 120


def name_of(bundle_id: UUID, name_there: str) -> str:
    """What stands as the provider's name in the rows that went out together: there is no message for each alone."""
    return f"{_begins(bundle_id)}{name_there}"[:LONGEST]


def _begins(bundle_id: UUID) -> str:
    return f"with:{bundle_id}:"


async def lease_rest(tx: Tx, channel_id: UUID, holder: str, for_: timedelta) -> list[Outgoing]:
    """Every other alarm that waits for this chat and is due, the oldest first; cries are not among them."""
    lost = and_(outbox.c.state == "sending", outbox.c.lease_until <= tx.now)
    due = and_(outbox.c.state == "pending", outbox.c.not_before <= tx.now)
    chosen = select(outbox.c.id).where(or_(due, lost), outbox.c.channel_id == channel_id, gathered())
    chosen = chosen.order_by(outbox.c.id).limit(MOST).with_for_update(skip_locked=True)
    return await rows.hold(tx, list((await tx.conn.execute(chosen)).scalars()), holder, for_)


async def alerts_in(tx: Tx, person_id: UUID, bundle_id: UUID) -> list[UUID]:
    """The alerts of which this person was told by this one message, the oldest first."""
    query = select(outbox.c.alert_id).where(outbox.c.person_id == person_id, outbox.c.alert_id.is_not(None))
    query = query.where(outbox.c.provider_id.startswith(_begins(bundle_id), autoescape=True))
    found = await tx.conn.execute(query.order_by(outbox.c.alert_id))
    return list(dict.fromkeys(found.scalars()))
