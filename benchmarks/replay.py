"""The statements of one check-in as they were recorded, to be said again for other visits without our code.

Several words may be kept together: an id can stand within a list of values, or within JSON, and is found there too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

from benchmarks.bare import Statements
from benchmarks.recording import Statement
from benchmarks.watched import Watched
from safety_service.store.ids import new_id

#: What it was: begin and commit are said by whoever says the rest.
_AROUND = ("BEGIN", "COMMIT")
#: The version of ids that can be told to be newer than others.
_ORDERED = 7
_ID = re.compile(r"\b[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\b")


class Own(Enum):
    """What differs from one check-in to the next, and is known before it."""

    VISIT = "visit"
    WORKER = "worker"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands for what is the check-in's own; a number stands for an id that is made for it, the same one each time."""

    what: Own | int
    #: How it was written: as a `UUID`, or in a text with or without hyphens.
    written: type[UUID] | str = ""

    def fill(self, filled: Mapping[Own | int, Any]) -> Any:
        """Its value for one check-in, as it was written."""
        value = filled[self.what]
        if self.written is UUID or not isinstance(value, UUID):
            return value
        return str(value) if self.written == "-" else value.hex


@dataclass(frozen=True, slots=True)
class Around:
    """A text in which slots stand."""

    pieces: tuple[str | Slot, ...]


@dataclass(frozen=True)
class Replay:
    """Statements in the driver's own writing; a value may be a slot. Begin and commit are not among them."""

    kind: str
    statements: list[tuple[str, list[Any]]]
    #: How many ids are made for each check-in.
    fresh: int = 0

    async def say(self, bare: Statements, about: Watched) -> None:
        """Say every statement for this visit."""
        filled: dict[Own | int, Any] = {number: new_id() for number in range(self.fresh)}
        filled |= {Own.VISIT: about.visit_id, Own.WORKER: about.worker_id, Own.DIGEST: about.digest}
        for sql, values in self.statements:
            await bare.run_as_is(sql, [_filled(each, filled) for each in values])


def make_replay(kind: str, recorded: Sequence[Statement], about: Watched, began: UUID) -> Replay:
    """The recorded check-in of this visit. What is newer than `began` was made for it. Raises ValueError: none seen."""
    kept = _Kept({about.visit_id: Own.VISIT, about.worker_id: Own.WORKER}, about.digest, began)
    said = [each for each in recorded if not each.name.startswith(_AROUND)]
    statements = [(each.sql, [kept.of(value) for value in each.params]) for each in said]
    if not statements:
        raise ValueError("no statement was recorded")
    return Replay(kind, statements, len(kept.fresh))


def slots_in(value: Any) -> list[Slot]:
    """The slots of a value."""
    if isinstance(value, Slot):
        return [value]
    inner = value.pieces if isinstance(value, Around) else value if isinstance(value, list | tuple) else ()
    return [slot for each in inner for slot in slots_in(each)]


@dataclass
class _Kept:
    own: Mapping[UUID, Own]
    digest: str
    began: UUID
    #: Ids that were made for the check-in, with their numbers.
    fresh: dict[UUID, int] = field(default_factory=dict)

    def of(self, value: Any) -> Any:
        """The value, with slots where it is the check-in's own."""
        if isinstance(value, UUID):
            what = self._what(UUID(int=value.int))
            return value if what is None else Slot(what, UUID)
        if isinstance(value, str):
            return Slot(Own.DIGEST) if value == self.digest else self._text(value)
        if isinstance(value, list | tuple):
            return [self.of(each) for each in value]
        return bytes(value) if isinstance(value, memoryview) else value

    def _what(self, value: UUID) -> Own | int | None:
        if value in self.own:
            return self.own[value]
        if value.version != _ORDERED or value < self.began:
            return None
        return self.fresh.setdefault(value, len(self.fresh))

    def _text(self, text: str) -> Any:
        pieces: list[str | Slot] = []
        done = 0
        for found in _ID.finditer(text):
            what = self._what(UUID(found[0]))
            if what is not None:
                pieces += [text[done : found.start()], Slot(what, found[1])]
                done = found.end()
        return Around((*pieces, text[done:])) if pieces else text


def _filled(value: Any, filled: Mapping[Own | int, Any]) -> Any:
    if isinstance(value, Slot):
        return value.fill(filled)
    if isinstance(value, Around):
        return "".join(each if isinstance(each, str) else each.fill(filled) for each in value.pieces)
    if isinstance(value, list | tuple):
        return [_filled(each, filled) for each in value]
    return value
