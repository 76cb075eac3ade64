"""Marks: words that stand nowhere else, put where something must not be read by everybody; and who may read each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from safety_service.domain.words import Role
from safety_service.store.database import Database
from tests.world import World

MARK = re.compile(r"zquill[a-j]+x[a-j]+qz", re.IGNORECASE)
_LETTERS = str.maketrans("0123456789", "abcdefghij")
NORTH, SOUTH, ELSEWHERE = "North", "South", "elsewhere"
#: Those whom every alarm calls in the end, whatever they may read else.
CALLED = frozenset({"Mia", "Dev", "Adam"})
READS = frozenset({Role.MANAGER, Role.REVIEWER})

#: Everybody: where they are, and what they are there.
CAST: Mapping[str, tuple[str, frozenset[Role]]] = {
    "Ann": (NORTH, frozenset({Role.PRACTITIONER})),
    "Ben": (NORTH, frozenset({Role.PRACTITIONER})),
    "Cat": (NORTH, frozenset({Role.PRACTITIONER})),
    "Mia": (NORTH, frozenset({Role.MANAGER})),
    "Dev": (NORTH, frozenset({Role.MANAGER})),
    "Sue": (NORTH, frozenset({Role.MANAGER})),
    "Eve": (NORTH, frozenset({Role.MANAGER})),
    "Rita": (NORTH, frozenset({Role.REVIEWER})),
    "Rex": (NORTH, frozenset({Role.REVIEWER})),
    "Adam": (NORTH, frozenset({Role.ADMINISTRATOR})),
    "Nora": (SOUTH, frozenset({Role.MANAGER})),
    "Ross": (SOUTH, frozenset({Role.REVIEWER})),
    "Otto": (ELSEWHERE, frozenset({Role.MANAGER, Role.PRACTITIONER, Role.REVIEWER, Role.ADMINISTRATOR})),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What a word was put into: `private` (part E), `draft`, `debrief`, `visit`, `family`, `item` (open about a family,
    and in the worker's supervision), `desk` (for whoever manages and reviews), `supervision`, `exclusion`,
    `opening` (why somebody looked), `alarm` (its place, what was noted on it). `worker`: whose it is."""

    kind: str
    where: str
    ref: str = ""
    worker: str = ""


@dataclass
class Town:
    """An agency with everybody in it, what is known of who may what, and what was put where."""

    world: World
    #: Of this town among all: no two have a word in common.
    number: int
    marks: dict[str, Mark] = field(default_factory=dict)
    supervisor: dict[str, str] = field(default_factory=dict)
    #: Who is kept off which family, or which worker.
    off: set[tuple[str, str]] = field(default_factory=set)
    visitors: dict[str, set[str]] = field(default_factory=dict)
    #: What was said to somebody when something was refused.
    refused: list[tuple[str, str]] = field(default_factory=list)
    #: The debriefs in their order; whose each is, and of which family.
    debriefs: list[UUID] = field(default_factory=list)
    whose: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    #: Messages that were looked at: what is sent cannot be called back.
    read: set[Any] = field(default_factory=set)
    leaked: list[str] = field(default_factory=list)
    #: One-time links that left the house.
    links: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        """The store."""
        return self.world.database

    def mark(self, kind: str, where: str, ref: str = "", worker: str = "") -> str:
        """A new word, to be put there."""
        word = f"zquill{self.number}x{len(self.marks)}qz".translate(_LETTERS)
        self.marks[word] = Mark(kind, where, ref, worker)
        return word

    def goes(self, who: str, ref: str) -> None:
        """From now on this person is known at this family, and so is their team."""
        self.visitors.setdefault(ref, set()).add(who)

    def may(self, who: str, word: str) -> bool:
        """Whether this person may read this word, as things are now: written down here once more, by itself."""
        mark = self.marks[word]
        off = (who, mark.ref) in self.off
        supervises = self.supervisor.get(mark.worker) == who and (who, mark.worker) not in self.off
        if mark.kind == "exclusion":
            return who == "Adam"
        if mark.kind == "alarm" and who in CALLED:
            return not off and (who, mark.worker) not in self.off
        if mark.kind == "opening":
            return Role.MANAGER in CAST[who][1] and self._around(who, mark, supervises=False) and not off
        if mark.kind == "supervision":
            return who == mark.worker or supervises
        if who == mark.worker:
            return True
        if mark.kind in ("family", "item", "desk"):
            return self._around(who, mark, supervises) and not off
        reads = self._reads(who, CAST[mark.worker][0]) and not off and (who, mark.worker) not in self.off
        if mark.kind == "private":
            return reads and supervises and Role.MANAGER in CAST[who][1]
        return reads and mark.kind in ("debrief", "visit", "alarm")

    def _around(self, who: str, mark: Mark, supervises: bool) -> bool:
        visitors = self.visitors.get(mark.ref, set())
        if not visitors:  # no team's yet: the managers of the agency keep its record
            return CAST[who][0] != ELSEWHERE and Role.MANAGER in CAST[who][1]
        desk = any(self._reads(who, CAST[each][0]) for each in visitors)
        return desk or (mark.kind != "desk" and who in visitors) or (mark.kind == "item" and supervises)

    def _reads(self, who: str, team: str) -> bool:
        where, roles = CAST[who]
        return where == team and not READS.isdisjoint(roles)

    def leaks(self, who: str, seen: Any) -> set[tuple[str, Mark]]:
        """What this person should not have read in this."""
        return {(word, self.marks[word]) for word in self.found(seen) if not self.may(who, word)}

    def found(self, seen: Any) -> set[str]:
        """The words that were put somewhere and stand here (those of this town)."""
        text = seen if isinstance(seen, str) else repr(seen)
        return {each.lower() for each in MARK.findall(text)} & self.marks.keys()
