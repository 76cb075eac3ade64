"""What the rules want done, as data. Actions turn effects into rows; the rules themselves do nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind


class Question(StrEnum):
    """What a watch asks its worker; each has a wording."""

    GOING_IN = "going_in"
    NOT_BEGUN = "not_begun"
    STILL_ON = "still_on"
    CHECK_IN = "check_in"
    END = "end"
    HOME = "home"
    OWN_WORD = "own_word"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the worker; `again` marks the nudge. `ask` is the question's number, which its buttons carry."""

    worker_id: UUID
    question: Question
    due_at: datetime
    ask: int
    again: bool = False
    #: The word that waits for the worker's own one: extend, out, home; and by how much longer.
    held: str = ""
    by: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NotPossible:
    """The word that the duress word looks like cannot happen now: it is refused as on any day, and duress opens."""

    worker_id: UUID
    why: Refused


@dataclass(frozen=True, slots=True)
class RaiseAlert:
    """Open an alert of this kind, or tell the owner of the one that is open. Without a worker: about the service."""

    worker_id: UUID | None
    kind: Kind
    due_at: datetime
    #: The moment from which the ladder's times run when the lag is small.
    base: datetime


@dataclass(frozen=True, slots=True)
class LateWord:
    """A word came while an alert may be open: everyone alarmed is told."""

    worker_id: UUID
    word: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class AskToRing:
    """Rung 1 is asked to ring the worker with a reason to leave; unanswered, it becomes an alert."""

    worker_id: UUID


@dataclass(frozen=True, slots=True)
class TellManagers:
    """The manager on duty is told something that is no alarm: `what` names the wording."""

    worker_id: UUID
    what: str


@dataclass(frozen=True, slots=True)
class AskDebrief:
    """The worker left: the debrief is asked for."""

    worker_id: UUID


@dataclass(frozen=True, slots=True)
class DecisionWanted:
    """The visit waits for a manager's decision."""


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """The workers are told what was decided."""


@dataclass(frozen=True, slots=True)
class Entered:
    """The worker is inside: case lines leave the chat."""

    worker_id: UUID


VisitEffect = (
    Ask
    | RaiseAlert
    | NotPossible
    | LateWord
    | AskToRing
    | TellManagers
    | AskDebrief
    | DecisionWanted
    | DecisionTold
    | Entered
)
