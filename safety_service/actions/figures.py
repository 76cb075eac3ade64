"""The figures of one moment, for those who look after the service: counts, never whose."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from safety_service.domain.words import Kind
from safety_service.store import audit, presence, stamps, tallies
from safety_service.store import figures as rows
from safety_service.store.database import Tx
from safety_service.store.figures import Pending
from safety_service.store.tallies import Tally


@dataclass(frozen=True, slots=True)
class Figures:
    """Times in seconds. `alerts`: how many are open, by kind; duress is among `sos`."""

    at: datetime
    lag: float
    watched: int
    alerts: dict[str, int]
    pending: list[Pending]
    oldest: float
    tally: Tally


async def figures(tx: Tx) -> Figures:
    """Read them all."""
    due = await audit.oldest_due(tx)
    pending = await rows.pending(tx)
    oldest = min((each.since for each in pending), default=tx.now)
    return Figures(
        at=tx.now,
        lag=0.0 if due is None else (tx.now - due).total_seconds(),
        watched=await rows.watched(tx),
        alerts=_outwardly(await rows.open_alerts(tx)),
        pending=pending,
        oldest=(tx.now - oldest).total_seconds(),
        tally=await tallies.sums(tx),
    )


def _outwardly(counted: Mapping[str, int]) -> dict[str, int]:
    """P5: nobody reads off a figure that duress goes on; both are help that is wanted now, by the same messages."""
    found = Counter(counted)
    found[Kind.SOS] += found.pop(Kind.DURESS, 0)
    return dict(found)


#: Parts that say when they last did their work. The auditor says when it last found all well, which is when the heart
#: beats; who hears Telegram, says so whichever way it is heard.
PARTS = ("sweep", "dispatcher", "poller", "auditor")
#: Who hears Telegram; where it is turned off, there is nobody to fall silent, whatever the stamp of earlier days says.
EAR = "poller"
#: Of these the first word is waited for: a wrong token, or a fault that was there from the first day, leaves no stamp.
FROM_THE_START = (EAR, "auditor")
#: Name of the stamp of the last copy that `doorstep backup` made.
COPIED = "copied"


@dataclass(frozen=True, slots=True)
class Running:
    """Whether the service's own parts are there. `silent`: seconds for which each has done nothing, of those that ever
    did or were waited for; `unowned`: seconds for which an alert has been nobody's.
    """

    silent: Mapping[str, float]
    processes: Mapping[str, int]
    unowned: float
    copied: float | None


async def running(tx: Tx, age: float, *, hears: bool) -> Running:
    """Read it. `age`: seconds since the process that asks began; `hears`: what is said in Telegram should be heard."""
    last = {each.name: max(0.0, (tx.now - each.at).total_seconds()) for each in await stamps.every(tx)}
    silent = {**dict.fromkeys(FROM_THE_START, age), **last}
    opened = await rows.unowned_since(tx)
    return Running(
        silent={part: silent[part] for part in PARTS if part in silent and (hears or part != EAR)},
        processes=Counter(each.role for each in await presence.seen(tx)),
        unowned=0.0 if opened is None else (tx.now - opened).total_seconds(),
        copied=last.get(COPIED),
    )
