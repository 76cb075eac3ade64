"""Which dispatchers keep to a share of the pace because Redis is away for them: each says so by a stamp of its own.

One stamp for all of them would let one that reaches Redis hide another that does not.
"""

from datetime import timedelta

from sqlalchemy import delete, or_, select

from safety_service.store import stamps
from safety_service.store.database import Tx
from safety_service.store.tables.system import stamp

#: One that was killed leaves its stamp behind; whoever comes later takes it away.
FORGOTTEN = timedelta(hours=1)
_MARK = "alone:"


async def say(tx: Tx, holder: str, sharers: int) -> None:
    """Say with how many this one supposes that it shares; 0: it shares through Redis."""
    name = _MARK + holder[-40:]
    ours, old = stamp.c.name == name, stamp.c.at < tx.now - FORGOTTEN
    await tx.conn.execute(delete(stamp).where(stamp.c.name.startswith(_MARK), or_(ours, old)))
    if sharers:
        await stamps.stamp(tx, name, {"sharers": sharers})


async def sharers(tx: Tx, within: timedelta) -> int:
    """The most that any of them supposed of late; 0: none is alone."""
    said = select(stamp.c.info).where(stamp.c.name.startswith(_MARK), stamp.c.at >= tx.now - within)
    return max((info["sharers"] for info in (await tx.conn.execute(said)).scalars()), default=0)
