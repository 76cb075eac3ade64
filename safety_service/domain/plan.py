"""The risk reduction plan: measures, their states, and what changed between two versions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from config.duration import say_duration
from config.guidance import Demands, Guidance
from safety_service.domain.refusal import Refused

#: The key of a measure in somebody's own words.
OWN = "own"


class MeasureState(StrEnum):
    """Where a measure stands."""

    PROPOSED = "proposed"
    #: Holds at once, until it is decided.
    PROVISIONAL = "provisional"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    DONE = "done"
    LAPSED = "lapsed"


UNDECIDED = frozenset({MeasureState.PROPOSED, MeasureState.PROVISIONAL})
HOLDS = frozenset({MeasureState.PROVISIONAL, MeasureState.IN_FORCE})
OPEN = UNDECIDED | HOLDS


class MeasureDecision(StrEnum):
    """What a manager can say of a measure."""

    ACCEPT = "accept"
    CHANGE = "change"
    REFUSE = "refuse"
    DONE = "done"
    LAPSE = "lapse"


_BECOMES = {
    MeasureDecision.ACCEPT: MeasureState.IN_FORCE,
    MeasureDecision.CHANGE: MeasureState.IN_FORCE,
    MeasureDecision.REFUSE: MeasureState.REFUSED,
    MeasureDecision.DONE: MeasureState.DONE,
    MeasureDecision.LAPSE: MeasureState.LAPSED,
}
#: What may be said of a measure in each state; what is closed is closed, and proposed anew if need be.
_POSSIBLE = {
    **dict.fromkeys(UNDECIDED, frozenset({MeasureDecision.ACCEPT, MeasureDecision.CHANGE, MeasureDecision.REFUSE})),
    MeasureState.IN_FORCE: frozenset(
        {MeasureDecision.ACCEPT, MeasureDecision.CHANGE, MeasureDecision.DONE, MeasureDecision.LAPSE}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """Why there is a measure: keys of the guidance, ids of debriefs, source clauses, and somebody's words."""

    debriefs: tuple[str, ...] = ()
    behaviours: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    words: str = ""

    def joined(self, other: "Because") -> "Because":
        """Both together, nothing twice."""
        pairs = {name: (*getattr(self, name), *getattr(other, name)) for name in _LISTS}
        words = "; ".join(dict.fromkeys(each for each in (self.words, other.words) if each))
        return Because(**{name: tuple(dict.fromkeys(each)) for name, each in pairs.items()}, words=words)

    def written(self) -> dict[str, Any]:
        """As it is stored."""
        return {**{name: list(getattr(self, name)) for name in _LISTS}, "words": self.words}

    @staticmethod
    def read(written: Mapping[str, Any]) -> "Because":
        """From what is stored."""
        return Because(**{name: tuple(written.get(name, ())) for name in _LISTS}, words=written.get("words", ""))


_LISTS = ("debriefs", "behaviours", "reasons", "needs", "clauses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something that makes it safer at one family: what, why, who sees to it, from when until when."""

    id: UUID
    agency_id: UUID
    family_id: UUID
    key: str
    says: str
    demands: Demands = field(default_factory=Demands)
    because: Because = Because()
    who: str | None = None
    #: Whom a demand is about: the named worker, or the one who does not go.
    worker_id: UUID | None = None
    state: MeasureState
    from_on: date
    until_on: date | None = None
    #: The debrief that it first came from.
    debrief_id: UUID | None = None
    proposed_by: UUID | None = None
    proposed_at: datetime
    owner_id: UUID | None = None
    decide_by: datetime | None = None
    next_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether it is held against visits now."""
        return self.state in HOLDS

    @property
    def open(self) -> bool:
        """Whether anything can still come of it."""
        return self.state in OPEN

    @property
    def undecided(self) -> bool:
        """Whether a manager's decision is wanted."""
        return self.state in UNDECIDED


def in_known_words(measure: Measure, guidance: Guidance) -> bool:
    """Whether it is said in the guidance's words. Somebody's own may name anybody: a chat does not carry them."""
    entry = guidance.measures.get(measure.key)
    return entry is not None and entry.says == measure.says


def confirms_in_known_words(measure: Measure, guidance: Guidance) -> bool:
    """Whether what it has a planner confirm is the guidance's own text."""
    entry = guidance.measures.get(measure.key)
    return entry is not None and entry.demands.confirm == measure.demands.confirm


def possible(measure: Measure) -> tuple[MeasureDecision, ...]:
    """What can be said of a measure now."""
    allowed = _POSSIBLE.get(measure.state, frozenset())
    return tuple(each for each in MeasureDecision if each in allowed)


def decided(measure: Measure, kind: MeasureDecision, reason: str, changes: Mapping[str, Any]) -> Measure:
    """The measure after a manager's decision; its next time to be asked about is set by whoever keeps it.

    Raises Refused `reason_wanted`, `measure_closed`, `ends_before_start`, `says_wanted`.
    """
    if not reason.strip():
        raise Refused("reason_wanted")
    if kind not in possible(measure):
        raise Refused("measure_closed")
    after = replace(measure, **changes) if kind is MeasureDecision.CHANGE else measure
    if not after.says.strip():
        raise Refused("says_wanted")
    if after.until_on is not None and after.until_on < after.from_on:
        raise Refused("ends_before_start")
    return replace(after, state=_BECOMES[kind], decide_by=None, next_at=None)


def written(demands: Demands) -> dict[str, Any]:
    """Demands as they are stored: only what is demanded, durations as one writes them."""
    given = {name: value for name, value in demands.model_dump(exclude_defaults=True).items() if value is not None}
    if demands.interval is not None:
        given["interval"] = say_duration(demands.interval)
    return given


def picture(measures: Iterable[Measure]) -> list[dict[str, Any]]:
    """What holds, and what is proposed, as a version keeps it: by the measures' own order."""
    return [_pictured(each) for each in sorted(measures, key=lambda each: each.id) if each.state in OPEN]


def _pictured(each: Measure) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "key": each.key,
        "says": each.says,
        "state": str(each.state),
        "demands": written(each.demands),
        "because": each.because.written(),
        "who": each.who,
        "worker_id": None if each.worker_id is None else str(each.worker_id),
        "from_on": each.from_on.isoformat(),
        "until_on": None if each.until_on is None else each.until_on.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure that is not as it was. `fields`: what changed; empty where it is new or gone."""

    id: str
    says: str
    what: str
    fields: tuple[str, ...] = ()


def differences(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """What changed between two pictures: `new`, `gone`, `changed`, in the order of the later one."""
    was = {each["id"]: each for each in before}
    now = {each["id"]: each for each in after}
    found = [_difference(was.get(each["id"]), each) for each in after]
    gone = [Difference(each["id"], each["says"], "gone") for each in before if each["id"] not in now]
    return (*(each for each in found if each is not None), *gone)


def _difference(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Difference | None:
    if before is None:
        return Difference(after["id"], after["says"], "new")
    fields = tuple(name for name in after if after[name] != before.get(name))
    return Difference(after["id"], after["says"], "changed", fields) if fields else None


@dataclass(frozen=True, slots=True)
class Change:
    """A difference, with both pictures of its measure: None where it was not there yet, or is no longer."""

    difference: Difference
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def changes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """What changed between two pictures, each with how it was and how it is."""
    was = {each["id"]: each for each in before}
    now = {each["id"]: each for each in after}
    return tuple(Change(each, was.get(each.id), now.get(each.id)) for each in differences(before, after))
