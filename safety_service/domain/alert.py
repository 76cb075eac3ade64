"""An alert: opened by silence or a cry, owned by one person, ended only by a human being's resolution (P3, P8)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from safety_service.domain.alert_effects import AlertEffect
from safety_service.domain.ladder import Ladder
from safety_service.domain.words import DANGER, Found, Kind, KnownBy, State


class Doing(StrEnum):
    """What the alert's `next_at` is for."""

    ANSWER = "answer"
    NEWS = "news"
    REPLY = "reply"
    OFFER = "offer"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What was found, and how the person who resolves knows it."""

    found: Found
    known_by: KnownBy
    note: str
    by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert and its place on its ladder. While it is not resolved, `next_at` is never None."""

    id: UUID
    kind: Kind
    worker_id: UUID | None
    visit_id: UUID | None
    opened_at: datetime
    due_at: datetime
    ladder: Ladder
    state: State = State.OPEN
    number: int = 0
    rung: int = 0
    #: Grows with each telling; a button carries it, so that the same tap twice climbs once.
    step: int = 0
    doing: Doing = Doing.ANSWER
    next_at: datetime | None = None
    #: By when somebody on the rung must have been reached; None once they were (P4).
    reach_by: datetime | None = None
    owner_id: UUID | None = None
    taken_at: datetime | None = None
    offered_to: UUID | None = None
    told: frozenset[UUID] = frozenset()
    resolution: Resolution | None = None
    resolved_at: datetime | None = None

    @property
    def danger(self) -> bool:
        """SOS or duress: danger overtakes everything."""
        return self.kind in DANGER

    @property
    def open(self) -> bool:
        """Not resolved yet."""
        return self.state is not State.RESOLVED

    @property
    def due_now(self) -> datetime | None:
        """When the sweep must look at it: the ladder's time, or the time by which the rung must have been reached."""
        if self.next_at is None or self.reach_by is None:
            return self.next_at
        return min(self.next_at, self.reach_by)


Step = tuple[Alert, tuple[AlertEffect, ...]]


def quiet(alert: Alert) -> Alert:
    """The alert with nothing more to do."""
    return replace(alert, next_at=None, reach_by=None, offered_to=None)
