"""What a supervision is about (G11): a worker's agenda, as it follows from the records; and what stays on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

#: When a supervision was, and what is kept of it.
Record = tuple[datetime, Mapping[str, Any]]


class View(StrEnum):
    """How one person judges a risk."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostility:
    """A debrief in which something was met, by the guidance's keys."""

    debrief_id: UUID
    family_id: UUID
    family_ref: str
    on: date
    kinds: tuple[str, ...]

    @property
    def point(self) -> str:
        """What it is ticked off by."""
        return met_point(self.debrief_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A coming visit that is risky, and the lines that say why."""

    visit_id: UUID
    family_id: UUID
    family_ref: str
    starts_at: datetime
    risk: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wellbeing:
    """How the worker said that they are after a visit: for them and their supervisor only."""

    debrief_id: UUID
    on: date
    feeling: str
    support: tuple[str, ...]
    back: str

    @property
    def point(self) -> str:
        """What it is ticked off by, and with it the reflections of the same debrief."""
        return private_point(self.debrief_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A risk as two people judge it; both are kept, and it stays on the agenda until it is closed."""

    id: str
    family_id: str
    family_ref: str
    worker: str
    worker_why: str
    supervisor: str
    supervisor_why: str
    at: datetime

    @property
    def differs(self) -> bool:
        """Whether they judge it differently."""
        return self.worker != self.supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What there is to talk about. `items` and `overdue` are rows of the store; `since`: the last supervision."""

    worker_id: UUID
    since: datetime | None
    hostility: tuple[Hostility, ...] = ()
    expected: tuple[Expected, ...] = ()
    items: tuple[Any, ...] = ()
    #: How often each reflection was named: counts, and no words of theirs.
    reflections: Mapping[str, int] = field(default_factory=dict)
    wellbeing: tuple[Wellbeing, ...] = ()
    overdue: tuple[Any, ...] = ()
    judgements: tuple[Judgement, ...] = ()


def counted(given: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How often each reflection was named in these private parts, the most frequent first."""
    counts: dict[str, int] = {}
    for each in given:
        for key in each.get("reflect") or ():
            counts[str(key)] = counts.get(str(key), 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def wellbeing(debrief_id: UUID, on: date, private: Mapping[str, Any]) -> Wellbeing:
    """What a private part says of how they are."""
    return Wellbeing(
        debrief_id=debrief_id,
        on=on,
        feeling=str(private.get("feeling") or ""),
        support=tuple(str(each) for each in private.get("support") or ()),
        back=str(private.get("back") or ""),
    )


def met_point(debrief_id: UUID) -> str:
    """What was met, as a point of the agenda."""
    return f"met:{debrief_id}"


def private_point(debrief_id: UUID) -> str:
    """The private part of a debrief, as a point of the agenda."""
    return f"private:{debrief_id}"


def discussed(records: Iterable[Record]) -> frozenset[str]:
    """The points that were ticked off in some supervision: all others stay."""
    return frozenset(str(point) for _, body in records for point in body.get("discussed") or ())


def still_open(records: Iterable[Record]) -> tuple[Judgement, ...]:
    """Risks that were judged differently, and not settled since; the records come the oldest first."""
    found: dict[str, Judgement] = {}
    for at, body in records:
        judged = [_judgement(each, at) for each in body.get("judgements") or ()]
        found.update({each.id: each for each in judged if each.differs})
        for each in body.get("settled") or ():
            found.pop(str(each["id"]), None)
    return tuple(found.values())


def _judgement(each: Mapping[str, Any], at: datetime) -> Judgement:
    return Judgement(
        id=str(each["id"]),
        family_id=str(each.get("family_id") or ""),
        family_ref=str(each.get("family_ref") or ""),
        worker=str(each.get("worker") or ""),
        worker_why=str(each.get("worker_why") or ""),
        supervisor=str(each.get("supervisor") or ""),
        supervisor_why=str(each.get("supervisor_why") or ""),
        at=at,
    )
