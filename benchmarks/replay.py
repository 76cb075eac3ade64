"""The statements of one check-in as they were recorded, to be said again for other visits without our code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from benchmarks.bare import Statements, as_sqlite
from benchmarks.recording import Statement
from benchmarks.watched import Watched
from safety_service.store.ids import new_id


class Slot(Enum):
    """What differs from one check-in to the next."""

    VISIT = "visit"
    WORKER = "worker"
    DIGEST = "digest"
    FRESH = "fresh"


@dataclass(frozen=True)
class Replay:
    """Statements in the driver's own writing; a value may be a slot. Begin and commit are not among them."""

    kind: str
    statements: list[tuple[str, list[Any]]]

    async def say(self, bare: Statements, about: Watched) -> None:
        """Say every statement for this visit."""
        filled: dict[Slot, UUID | str] = {
            Slot.VISIT: about.visit_id,
            Slot.WORKER: about.worker_id,
            Slot.DIGEST: about.digest,
        }
        for sql, values in self.statements:
            given = [self._own(filled.get(each) or new_id()) if isinstance(each, Slot) else each for each in values]
            await bare.run_as_is(sql, given)

    def _own(self, value: UUID | str) -> Any:
        return as_sqlite(value) if self.kind == "sqlite" else value


def make_replay(kind: str, recorded: Sequence[Statement], about: Watched) -> Replay:
    """The recorded check-in of this visit, with slots for what was its own."""
    own = {about.visit_id: Slot.VISIT, about.worker_id: Slot.WORKER, about.digest: Slot.DIGEST}
    slots = {(as_sqlite(value) if kind == "sqlite" else value): slot for value, slot in own.items()}
    replay = Replay(kind, [])
    for each in recorded:
        if each.name.startswith(("BEGIN", "COMMIT")):
            continue
        values = [_kept(value, slots) for value in each.params]
        if each.name.startswith("INSERT"):
            values[0] = Slot.FRESH  # its id
        replay.statements.append((each.sql, values))
    return replay


def _kept(value: Any, slots: dict[Any, Slot]) -> Any:
    if isinstance(value, str | UUID):
        return slots.get(value, value)
    return bytes(value) if isinstance(value, memoryview) else value
