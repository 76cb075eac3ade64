"""How the work goes on, for a family or for a worker: decided once, for the visits of one plan version, until a day."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class CourseKind(StrEnum):
    """How the work goes on."""

    AS_IT_IS = "as_it_is"
    WITH_MEASURES = "with_measures"
    SOMEBODY_ELSE = "somebody_else"
    NOT_BY_VISITS = "not_by_visits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A manager's decision on how the work goes on; about a family or a worker, one of the two."""

    id: UUID
    agency_id: UUID
    family_id: UUID | None = None
    worker_id: UUID | None = None
    kind: CourseKind
    reason: str
    by: UUID
    at: datetime
    #: The family's plan when it was decided; a later plan needs a later decision.
    plan_number: int | None = None
    until_on: date

    def stands(self, today: date, plan_number: int) -> bool:
        """Whether it still counts."""
        return today <= self.until_on and self.plan_number in (None, plan_number)

    def speaks_of(self, workers: AbstractSet[UUID], targeted: AbstractSet[UUID]) -> AbstractSet[UUID]:
        """Those of a visit's workers for whom `somebody_else` means that they do not go."""
        return workers & ({self.worker_id} if self.worker_id is not None else targeted)

    def is_against(self, workers: AbstractSet[UUID], targeted: AbstractSet[UUID]) -> bool:
        """Whether a visit of these workers is against it. `targeted`: who was threatened or hurt at this family."""
        if self.kind is CourseKind.NOT_BY_VISITS:
            return self.worker_id is None or self.worker_id in workers
        return self.kind is CourseKind.SOMEBODY_ELSE and bool(self.speaks_of(workers, targeted))

    def covers(self, workers: AbstractSet[UUID], targeted: AbstractSet[UUID], *, lacking: bool) -> bool:
        """Whether a visit of these workers need not wait again. With measures: only where none is lacking."""
        if self.kind is CourseKind.AS_IT_IS:
            return True
        return not lacking and not self.is_against(workers, targeted)
