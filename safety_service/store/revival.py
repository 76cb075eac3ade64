"""What a copy that was put back still says of the moment it was made, and must not be taken for the present."""

from datetime import timedelta

from sqlalchemy import delete, update

from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert_link, outbox
from safety_service.store.tables.people import agency, code, session
from safety_service.store.tables.system import lease

#: Numbers that alerts may have had since the copy was made, and that people may still speak of.
NUMBERS = 100


async def hold_messages(tx: Tx) -> int:
    """What was waiting to go out when the copy was made does not go out by itself."""
    waiting = update(outbox).where(outbox.c.state.in_(("pending", "sending")))
    held = waiting.values(state="held", lease_until=None, leased_by=None, error="a copy was put back")
    return int((await tx.conn.execute(held)).rowcount)


async def drop_held(tx: Tx, after: timedelta) -> int:
    """Held messages that nobody needs any more; the row stays as the note of it."""
    held = update(outbox).where(outbox.c.state == "held", outbox.c.created_at < tx.now - after)
    return int((await tx.conn.execute(held.values(state="dropped"))).rowcount)


async def end_codes(tx: Tx) -> int:
    """One-time codes and links may have been used since: none works any more."""
    unused = update(code).where(code.c.used_at.is_(None), code.c.expires_at > tx.now).values(expires_at=tx.now)
    links = update(alert_link).where(alert_link.c.used_at.is_(None), alert_link.c.expires_at > tx.now)
    ended = [await tx.conn.execute(unused), await tx.conn.execute(links.values(expires_at=tx.now))]
    return sum(int(each.rowcount) for each in ended)


async def end_sessions(tx: Tx) -> int:
    """Everybody signs in again, in browsers and in paired programs."""
    live = update(session).where(session.c.ended_at.is_(None), session.c.expires_at > tx.now)
    return int((await tx.conn.execute(live.values(ended_at=tx.now))).rowcount)


async def clear_leases(tx: Tx) -> None:
    """The processes that held these are gone."""
    await tx.conn.execute(delete(lease))


async def skip_numbers(tx: Tx) -> None:
    """No new alert has a number that another may have had since."""
    await tx.conn.execute(update(agency).values(last_number=agency.c.last_number + NUMBERS))
