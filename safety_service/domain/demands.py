"""What a family's plan demands of a visit, held against how it is planned: what is lacking, since when, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from config.policy import Policy
from safety_service.domain.plan import Because, Measure
from safety_service.domain.risk import higher
from safety_service.domain.visit_state import Visit
from safety_service.domain.watch import Watch, arm, inside_due, level_of, steps
from safety_service.domain.words import Phase, Risk, Stage, Status

#: What a planner confirms; the rest is seen from the plan itself.
CONFIRMED = ("call_before", "call_after", "confirm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """A visit as demands look at it. Times are the agency's local time."""

    workers: AbstractSet[UUID]
    #: Who comes along, as the plan says: `alone`, `colleague`, `police`, `agency`.
    joint: str = "alone"
    #: Where, as the plan says: `home`, `office`, `elsewhere`; empty: the address.
    place: str = ""
    starts_at: datetime
    ends_at: datetime
    #: Longest time between two check-ins of anybody who goes.
    interval: timedelta
    #: Trainings that everybody who goes has on that day.
    trained: AbstractSet[str] = frozenset()
    #: What the planner says is arranged: `asked_key`s.
    arranged: AbstractSet[str] = frozenset()
    daylight: tuple[time, time]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """Something that is demanded, and that the visit has not."""

    #: `people`, `police` …: the demand; or `training`, `course`.
    what: str
    says: str
    since: date | None
    measure_id: UUID | None = None
    key: str = ""
    because: Because = field(default_factory=Because)
    #: `says` are somebody's own words: for our own pages, and for no chat.
    own: bool = False

    def written(self) -> dict[str, Any]:
        """As the visit keeps it."""
        return {
            "what": self.what,
            "says": self.says,
            "since": None if self.since is None else self.since.isoformat(),
            "measure_id": None if self.measure_id is None else str(self.measure_id),
            "key": self.key,
            "because": self.because.written(),
            "own": self.own,
        }


def asked_key(measure_id: UUID, what: str) -> str:
    """What the planner's answer names when something demanded is arranged."""
    return f"{measure_id}.{what}"


def to_confirm(measures: Iterable[Measure], today: date) -> list[tuple[str, Measure, str]]:
    """What whoever plans a visit is asked whether it is arranged: its key, the measure, which demand."""
    return [
        (asked_key(each.id, what), each, what)
        for each in counting(measures, today)
        for what in CONFIRMED
        if getattr(each.demands, what)
    ]


def counting(measures: Iterable[Measure], on: date) -> list[Measure]:
    """Those that hold on a day. One whose end has come holds until somebody decides."""
    return [each for each in measures if each.holds and each.from_on <= on]


def interval(measures: Iterable[Measure], on: date) -> timedelta | None:
    """The shortest check-in interval that is demanded."""
    return min((each.demands.interval for each in counting(measures, on) if each.demands.interval), default=None)


def lacks(measures: Iterable[Measure], going: Going) -> tuple[Lack, ...]:
    """Every demand that the visit does not meet, measure by measure."""
    return tuple(
        Lack(
            what=what,
            says=each.says,
            since=each.from_on,
            measure_id=each.id,
            key=each.key,
            because=each.because,
        )
        for each in counting(measures, going.starts_at.date())
        for what in _unmet(each, going)
    )


def _unmet(measure: Measure, going: Going) -> Iterator[str]:
    wants = measure.demands
    # Police or another agency's worker beside one of ours are somebody beside them.
    beside = 1 if going.joint in ("police", "agency") else 0
    met = {
        "people": wants.people is None or len(going.workers) + beside >= wants.people,
        "police": not wants.police or going.joint == "police",
        "office": not wants.office or going.place == "office",
        "daylight": not wants.daylight or _by_daylight(going),
        "interval": wants.interval is None or going.interval <= wants.interval,
        "training": not wants.training or wants.training in going.trained,
        "same_worker": not wants.same_worker or measure.worker_id in (None, *going.workers),
        "not_worker": not wants.not_worker or measure.worker_id not in going.workers,
    }
    yield from (what for what, is_met in met.items() if not is_met)
    for what in CONFIRMED:
        if getattr(wants, what) and asked_key(measure.id, what) not in going.arranged:
            yield what


def _by_daylight(going: Going) -> bool:
    """From the start to the end, and on one day."""
    sunrise, sunset = going.daylight
    one_day = going.starts_at.date() == going.ends_at.date()
    return one_day and sunrise <= going.starts_at.time() and going.ends_at.time() <= sunset


def status(before: Status, *, asks: bool, lacking: bool, covered: bool) -> Status:
    """Whether a visit that has not begun waits for a decision: where policy asks for one, or something is lacking."""
    if before not in (Status.PLANNED, Status.WAITING):
        return before
    return Status.WAITING if (asks or lacking) and not covered else Status.PLANNED


def new_to(before: Sequence[Mapping[str, Any]], found: Iterable[Lack]) -> list[Lack]:
    """What a visit lacks that it did not lack at the last look."""
    known = {(each["what"], each["says"]) for each in before}
    return [each for each in found if (each.what, each.says) not in known]


def tightened(visit: Visit, risk: Risk, longest: timedelta | None, now: datetime, policy: Policy) -> Visit:
    """The visit once something new is known: risk never lower, questions never rarer, deadlines never later."""
    level = higher(visit.risk, risk)
    every = min(policy.level(level_of(level)).interval, longest or policy.level(level_of(level)).interval)
    watches = tuple(_tightened(each, level, every, now, policy) for each in visit.watches)
    return replace(visit, risk=level, watches=watches)


def _tightened(watch: Watch, risk: Risk, every: timedelta, now: datetime, policy: Policy) -> Watch:
    if not watch.live:
        return watch
    assert watch.due_at is not None and watch.alarm_at is not None
    tight = replace(watch, interval=min(watch.interval, every), silent_until=None)
    due_at = watch.due_at
    if watch.phase is Phase.INSIDE:
        heard = watch.last_word_at or now
        due_at = min(due_at, max(inside_due(tight, heard), min(due_at, now)))
    armed = arm(tight, due_at, now, risk, policy)
    assert armed.alarm_at is not None
    if armed.alarm_at > watch.alarm_at:
        return tight
    if due_at >= watch.due_at:
        return _sooner(tight, armed.alarm_at, policy)
    # Who should have been heard by now is asked now.
    return replace(armed, stage=Stage.ASK, next_at=now) if due_at <= now else armed


def _sooner(watch: Watch, alarm_at: datetime, policy: Policy) -> Watch:
    """The same deadline with a shorter grace: what has been asked already is not asked anew."""
    assert watch.stage is not None and watch.next_at is not None
    sooner = replace(watch, alarm_at=alarm_at)
    its = dict(steps(sooner, policy)).get(watch.stage, watch.next_at)
    return replace(sooner, next_at=alarm_at if watch.stage is Stage.ALARM else min(watch.next_at, its))
