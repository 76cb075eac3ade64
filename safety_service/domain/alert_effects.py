"""What the rules of an alert want done, as data."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TellRung:
    """Send the alarm to these people now. `passed` names the rungs passed on the way because nobody was on duty."""

    alert_id: UUID
    step: int
    rung: int
    people: frozenset[UUID]
    passed: tuple[str, ...] = ()
    #: Said again on the last rung, or resent to a rung that was told before.
    again: bool = False


@dataclass(frozen=True, slots=True)
class TellTold:
    """Everyone who was told of the alert hears of a change: `what` names the wording."""

    alert_id: UUID
    what: str
    by: UUID | None = None
    note: str = ""
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TellOwner:
    """The owner alone is asked or told."""

    alert_id: UUID
    what: str
    owner_id: UUID
    by_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TellWorker:
    """The worker hears that a human being has read it (never what or whose)."""

    alert_id: UUID
    what: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The alert is offered to a named person."""

    alert_id: UUID
    to: UUID
    by: UUID


@dataclass(frozen=True, slots=True)
class AskSecond:
    """A second person is asked to agree to the resolution."""

    alert_id: UUID
    by: UUID


@dataclass(frozen=True, slots=True)
class NobodyThere:
    """There is nobody at all to tell: loud, and tried again."""

    alert_id: UUID


@dataclass(frozen=True, slots=True)
class ResolvedNow:
    """The alert ended in a human being's resolution: the watch is re-armed or ended in the same transaction."""

    alert_id: UUID


AlertEffect = TellRung | TellTold | TellOwner | TellWorker | Offer | AskSecond | NobodyThere | ResolvedNow
