"""A visit as the rules see it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.domain.effects import VisitEffect
from safety_service.domain.refusal import Refused
from safety_service.domain.watch import Watch
from safety_service.domain.words import Outcome, Risk, Status

Effects = tuple[VisitEffect, ...]
#: What an event makes of one watch, and what is to be done.
Step = tuple[Watch, Effects]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit with a watch for each of its workers. Times are aware UTC."""

    id: UUID
    status: Status
    risk: Risk
    starts_at: datetime
    ends_at: datetime
    watches: tuple[Watch, ...]
    #: From out to home, as planned.
    travel: timedelta
    #: In a joint visit, the worker whose words count for all.
    speaker_id: UUID | None = None
    outcome: Outcome | None = None

    @property
    def length(self) -> timedelta:
        """How long it was planned to take."""
        return self.ends_at - self.starts_at

    def watch(self, worker_id: UUID) -> Watch:
        """This worker's watch. Raises Refused when the visit is not theirs."""
        for each in self.watches:
            if each.worker_id == worker_id:
                return each
        raise Refused("not_your_visit")
