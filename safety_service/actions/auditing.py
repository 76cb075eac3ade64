"""The audit: is everybody who should be watched being watched, and does what must go out go out?

Apart from the sweep in every respect: its own queries, its own index, and on PostgreSQL its own process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from safety_service.actions import canary
from safety_service.actions.canary import Canary
from safety_service.actions.telling import Priority
from safety_service.store import alone, audit, crowd, stamps
from safety_service.store.audit import Undone
from safety_service.store.database import Tx
from safety_service.store.own_words import IN_USE

#: How late a deadline may be acted on before something is wrong.
DEADLINE = timedelta(seconds=10)
#: How long an urgent message, or a word that came in, may wait.
WAITING = timedelta(seconds=30)
#: How old the stamps of the parts may be.
SWEEP = timedelta(seconds=10)
DISPATCHER = timedelta(seconds=20)
POLLER = timedelta(seconds=60)
#: One canary that does not come may be one message that got lost; after so many of them no alarm is to be relied on.
WORSE = 2


#: How a note begins that says so; the runbook has these words.
REDIS_AWAY = "Redis is away"


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found. `faults`: the watch is not kept. `warnings`: a channel or a provider fails, which another server
    would not mend. `notes`: something is slower than usual, and nothing is lost. `lag`: seconds by which the oldest
    overdue moment is late. `canary`: how the visits are that fall silent on purpose; None: there are none.
    """

    at: datetime
    faults: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    lag: float
    canary: Canary | None = None

    @property
    def clean(self) -> bool:
        """Nothing was found that somebody has to see to: notes stop no heart."""
        return not self.faults and not self.warnings


async def look(tx: Tx, *, polls: bool) -> Audit:
    """Audit once. `polls`: what is said in Telegram should be heard."""
    due, waiting = tx.now - DEADLINE, tx.now - WAITING
    late = {
        "alarms were not raised": await audit.watches(tx, due),
        "alerts did not climb": await audit.alerts(tx, due),
        "requests to be rung were left": await audit.rings(tx, due),
        "urgent messages were not sent": await audit.messages(tx, waiting, Priority.ALARM, tried=False),
        "words that came in were not acted on": await audit.words(tx, waiting),
    }
    refused = await audit.messages(tx, waiting, Priority.ALARM, tried=True)
    outside = {"urgent messages are not taken by their channel": refused}
    faults = [*_undone(tx, late), *await _stale(tx, {"sweep": SWEEP, "dispatcher": DISPATCHER})]
    warnings = [*_undone(tx, outside), *(await _deaf(tx) if polls else []), *await _full(tx)]
    silent = await canary.look(tx)
    if silent is not None and silent.missed:
        (warnings if silent.missed < WORSE else faults).append(_silent(silent))
    oldest = await audit.oldest_due(tx)
    lag = 0.0 if oldest is None else (tx.now - oldest).total_seconds()
    return Audit(tx.now, tuple(faults), tuple(warnings), tuple(await _apart(tx)), lag, silent)


def _undone(tx: Tx, found: Mapping[str, Undone | None]) -> list[str]:
    return [
        f"{undone.count} {what}, for {(tx.now - undone.since).total_seconds():.0f} s"
        for what, undone in found.items()
        if undone is not None
    ]


def _silent(canary: Canary) -> str:
    last = "never" if canary.came_at is None else f"at {canary.came_at:%Y-%m-%d %H:%M} UTC"
    return f"{canary.missed} canary visits fell silent, and no alarm came (the last one came {last})"


async def _deaf(tx: Tx) -> list[str]:
    last = await stamps.last(tx, "poller")
    stuck = last is not None and last.info.get("stuck")
    return [*await _stale(tx, {"poller": POLLER}), *(["Telegram cannot bring what was said"] if stuck else [])]


async def _full(tx: Tx) -> list[str]:
    """Before it is too late: what has a connection keeps it, and whoever needs one now has none."""
    return [IN_USE] if await crowd.is_full(tx) else []


async def _apart(tx: Tx) -> list[str]:
    sharers = await alone.sharers(tx, DISPATCHER)
    if not sharers:
        return []
    slower = f": messages go out at 1/{sharers} of the pace, for others may be sending" if sharers > 1 else ""
    return [f"{REDIS_AWAY}{slower}"]


async def _stale(tx: Tx, expected: Mapping[str, timedelta]) -> list[str]:
    said: list[str] = []
    for name, longest in expected.items():
        last = await stamps.last(tx, name)
        if last is None:
            said.append(f"the {name} has not begun")
        elif tx.now - last.at > longest:
            said.append(f"the {name} has done nothing for {(tx.now - last.at).total_seconds():.0f} s")
    return said
