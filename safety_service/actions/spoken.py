"""What comes with a worker's word, and what the word did."""

from dataclasses import dataclass
from datetime import datetime

from safety_service.store.visits import VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a word was said (WGS-84 degrees, metres)."""

    latitude: float
    longitude: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a word carries. `said_at` None: now; a time in the future counts as now."""

    said_at: datetime | None = None
    position: Position | None = None
    note: str | None = None
    #: Given as the worker's own word; never kept. `asked_first`: this same word was said before, and waited for it.
    phrase: str | None = None
    asked_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a word did: `what` names the answer's wording; `due_at` is the next time a word is expected.

    `kept_back`: it did not happen, for want of the worker's own word, which may be given now (`own_word_wanted`).
    """

    visit: VisitRow | None
    what: str
    said_at: datetime
    due_at: datetime | None = None
    late: bool = False
    distance_m: int | None = None
    own_word_wanted: bool = False
    kept_back: bool = False
