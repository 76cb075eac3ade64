"""What can happen to a visit. `worker_id` is whose watch it concerns; `said_at` is when it was said (aware UTC)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.domain.words import Decided, Kind, Outcome, Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word of the worker's."""

    worker_id: UUID
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Said):
    """At the door, going in. `elsewhere`: colleagues inside another visit: nobody begins this one for them."""

    elsewhere: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ok(Said):
    """All well: a button, a typed ok, a position sent by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Said):
    """It takes longer (inside), starts later (begin), or the way home is longer (home)."""

    by: timedelta
    proof: Proof = Proof.NOT_SET
    #: Said by the innocent tap that the worker agreed on for duress.
    duress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence(Said):
    """A planned silence until a time, such as where there is no signal."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RingMe(Said):
    """Ring me with a reason to leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sos(Said):
    """Send help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Out(Said):
    """Left the address. `next_starts_at`: the planned start of this worker's next visit, if there is one."""

    outcome: Outcome = Outcome.MET
    next_starts_at: datetime | None = None
    proof: Proof = Proof.NOT_SET


@dataclass(frozen=True, slots=True, kw_only=True)
class Home(Said):
    """Home, or back at the office."""

    proof: Proof = Proof.NOT_SET


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Said):
    """Not going; only before begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunElsewhere(Said):
    """The worker began another visit: this one's inside or way home is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TookOver(Said):
    """The worker's last visit ended into this one: its begin holds the watch of the way, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinePassed:
    """`next_at` of this worker's watch has come."""

    worker_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertResolved:
    """A human being resolved an alert of this worker on this visit."""

    worker_id: UUID
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """A manager decided on the visit."""

    by: UUID
    decided: Decided
    reason: str


Event = (
    Begin
    | Ok
    | Extend
    | Silence
    | RingMe
    | Sos
    | Out
    | Home
    | Cancel
    | BegunElsewhere
    | TookOver
    | DeadlinePassed
    | AlertResolved
    | DecisionMade
)
