"""A copy of the database was put back: it is made fit for the present before anything runs on it (P7).

Nothing that waited to go out goes out, no code works twice, and the stamp that is left here makes the first scheduler
own up: everyone who was watched is asked, and the ladders run from then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from safety_service.actions.telling import iso
from safety_service.store import events, revival, stamps
from safety_service.store.database import Tx

#: Name of the stamp that says from when on everything is lost; it is there until the scheduler has owned up.
RESTORED = "restored"
#: How long a message that was held can still be looked at as such.
HELD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What was done to the copy: so many messages are held, codes and links ended, sessions ended."""

    held: int
    codes: int
    sessions: int


async def take_up(tx: Tx, since: datetime, *, sign_out: bool) -> TakenUp:
    """Make the copy fit. `since`: what was said after that is lost. `sign_out`: every session ends, too."""
    done = TakenUp(
        held=await revival.hold_messages(tx),
        codes=await revival.end_codes(tx),
        sessions=await revival.end_sessions(tx) if sign_out else 0,
    )
    await revival.clear_leases(tx)
    await revival.skip_numbers(tx)
    await stamps.stamp(tx, RESTORED, {"from": iso(min(since, tx.now))})
    details = {
        "from": iso(since),
        "until": iso(tx.now),
        "held": done.held,
        "codes": done.codes,
        "sessions": done.sessions,
    }
    await events.log(tx, agency_id=None, actor_id=None, verb="restored", subject="service", details=details)
    return done
