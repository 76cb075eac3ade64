"""What actions raise besides `Refused`."""

from uuid import UUID

from safety_service.domain.refusal import Refused


class NotFound(Exception):
    """There is no such thing, or this person may not know that there is: the two must look the same."""


class Overheard(Refused):
    """Refused as on any day; but it was said by the duress word or tap, which is heard once the word is undone."""

    def __init__(self, why: Refused, visit_id: UUID | None, worker_id: UUID) -> None:
        super().__init__(why.code, **why.facts)
        self.visit_id = visit_id
        self.worker_id = worker_id
