"""The agency's policy: figures and lines that managers can read, checked whole.

The defaults below are the shipped policy's (guidance in practice.md's table); a policy file names only what differs.
Ceilings are in the code: policy may make Doorstep quicker, never slower than what keeps people safe.
"""

import tomllib
from datetime import time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from config.duration import parse_duration, say_duration

#: The policy that a new database starts with.
SHIPPED = Path(__file__).with_name("policy.toml")

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class PolicyError(ValueError):
    """The policy cannot be used; `faults` names every error with the place where it stands."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def _at_most(ceiling: str) -> AfterValidator:
    longest = parse_duration(ceiling)

    def check(length: timedelta) -> timedelta:
        if length > longest:
            raise ValueError(f"{say_duration(length)} is longer than the safe ceiling of {ceiling}")
        if length <= timedelta():
            raise ValueError("must be longer than nothing")
        return length

    return AfterValidator(check)


Interval = Annotated[Duration, _at_most("2h")]
Grace = Annotated[Duration, _at_most("30m")]
Wait = Annotated[Duration, _at_most("20m")]
Repeat = Annotated[Duration, _at_most("10m")]
Day = Annotated[Duration, _at_most("7d")]


class Section(BaseModel):
    """A part of the policy: unknown keys are refused, so that a misspelt line is never silently without effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RiskPolicy(Section):
    """What a risk level asks of a visit and of its watch."""

    interval: Interval
    grace: Grace
    end_grace: Grace
    home_grace: Grace
    #: Longest that extensions, lateness and planned silence may add up to on one visit.
    cap: Annotated[Duration, _at_most("4h")]
    decision: bool = False
    own_word: bool = False
    news_within: Wait | None = None


class BeginPolicy(Section):
    """Around the planned start: tell before it, ask after it, alert after that."""

    remind: Duration = timedelta(minutes=2)
    ask: Grace = timedelta(minutes=10)
    alarm: Annotated[Duration, _at_most("1h")] = timedelta(minutes=20)

    @model_validator(mode="after")
    def _ask_comes_before_alarm(self) -> "BeginPolicy":
        if self.ask > self.alarm:
            raise ValueError("begin.ask must not be later than begin.alarm")
        return self


class RungPolicy(Section):
    """One rung: who stands on it, how long they have to answer, and (the last) how often it is told again."""

    who: str = Field(pattern=r"^[a-z][a-z_]*$")
    answer: Wait | None = None
    repeat: Repeat | None = None


class LadderPolicy(Section):
    """A ladder: at least two rungs of different people; the last is everyone, told until somebody takes it."""

    rungs: tuple[RungPolicy, ...] | None = None
    together: int = Field(default=1, ge=1, le=9)
    everyone_after: Annotated[Duration, _at_most("5m")] | None = None

    @model_validator(mode="after")
    def _least_ladder(self) -> "LadderPolicy":
        if self.rungs is not None and len({rung.who for rung in self.rungs}) < 2:
            raise ValueError("a ladder needs at least two rungs of different people")
        return self


class TakenPolicy(Section):
    """What is asked of whoever took an alert."""

    news_within: Wait = timedelta(minutes=15)
    danger: Wait = timedelta(minutes=5)
    reply: Wait = timedelta(minutes=3)


class ReachPolicy(Section):
    """How long a message may take to reach a rung before the next one hears (P4)."""

    danger: Annotated[Duration, _at_most("30s")] = timedelta(seconds=10)
    other: Annotated[Duration, _at_most("2m")] = timedelta(seconds=30)


class WordsPolicy(Section):
    """Waits around single words."""

    ring_me: Annotated[Duration, _at_most("3m")] = timedelta(seconds=90)
    sos_confirm: Annotated[Duration, _at_most("2m")] = timedelta(seconds=60)
    still_on: Duration = timedelta(minutes=5)
    extend: Duration = timedelta(minutes=15)
    travel: Annotated[Duration, _at_most("4h")] = timedelta(minutes=30)
    chain: Annotated[Duration, _at_most("4h")] = timedelta(hours=2)
    wrong_place_m: int = Field(default=1000, ge=50)


class DebriefPolicy(Section):
    """When a debrief is chased; times of day are the agency's local time."""

    fine_at: time = time(17, 0)
    fine_again_at: time = time(10, 0)
    fine_manager_at: time = time(16, 0)
    bad_after: Day = timedelta(hours=1)
    bad_again_after: Day = timedelta(hours=3)
    bad_manager_after: Day = timedelta(hours=4)


class RiskLine(Section):
    """One readable line of the risk rules: which level, when it is true, and the words that say so.

    Exactly one condition: `fact` (with `within`, `count`, `of_worker`), `answer` (with `is`), `dark`, `unknown`,
    or `medium_lines`.
    """

    key: str
    level: Literal["medium", "high"]
    says: str
    fact: str | None = None
    within: Duration | None = None
    count: int = Field(default=1, ge=1)
    of_worker: bool = False
    answer: str | None = None
    is_: str | None = Field(default=None, alias="is")
    dark: bool = False
    unknown: bool = False
    medium_lines: int | None = Field(default=None, ge=2)

    @model_validator(mode="after")
    def _one_condition(self) -> "RiskLine":
        given = [self.fact, self.answer, self.dark or None, self.unknown or None, self.medium_lines]
        if sum(each is not None for each in given) != 1:
            raise ValueError(f"risk line {self.key!r} needs exactly one condition")
        if (self.answer is None) != (self.is_ is None):
            raise ValueError(f"risk line {self.key!r}: `answer` and `is` go together")
        return self


class RiskLevels(Section):
    """The three levels' figures."""

    low: RiskPolicy
    medium: RiskPolicy
    high: RiskPolicy


class Policy(Section):
    """The whole policy of one edition."""

    risk: RiskLevels
    lines: tuple[RiskLine, ...] = ()
    begin: BeginPolicy = BeginPolicy()
    ladder: dict[str, LadderPolicy]
    taken: TakenPolicy = TakenPolicy()
    reach: ReachPolicy = ReachPolicy()
    words: WordsPolicy = WordsPolicy()
    debrief: DebriefPolicy = DebriefPolicy()
    #: Local hours in which a visit counts as by daylight.
    daylight: tuple[time, time] = (time(8, 0), time(18, 0))
    #: Sensitivity that each channel may carry (see `config.wording`): public, plan, case.
    ceilings: dict[str, str] = {"telegram": "plan", "webchat": "case"}
    #: What an alarm may carry, so that people can act from it.
    alarm_ceilings: dict[str, str] = {"telegram": "case", "webchat": "case"}
    office_number: str = ""

    @model_validator(mode="after")
    def _has_the_default_ladder(self) -> "Policy":
        default = self.ladder.get("default")
        if default is None or default.rungs is None:
            raise ValueError("[ladder.default] with its rungs is needed")
        return self

    def level(self, risk: Level) -> RiskPolicy:
        """The figures of one risk level."""
        levels: dict[Level, RiskPolicy] = {
            "low": self.risk.low,
            "medium": self.risk.medium,
            "high": self.risk.high,
        }
        return levels[risk]


_MINUTE = timedelta(minutes=1)


def _defaults() -> dict[str, dict[str, object]]:
    def level(interval: int, grace: int, end: int, home: int, cap: int, *, high: bool = False) -> dict[str, object]:
        return {
            "interval": interval * _MINUTE,
            "grace": grace * _MINUTE,
            "end_grace": end * _MINUTE,
            "home_grace": home * _MINUTE,
            "cap": cap * _MINUTE,
            "decision": high,
            "own_word": high,
        }

    return {
        "low": level(60, 10, 15, 30, 120),
        "medium": level(30, 5, 10, 20, 90),
        "high": level(15, 3, 5, 15, 60, high=True),
    }


_DEFAULT_LADDER: dict[str, object] = {
    "rungs": (
        {"who": "manager_on_duty", "answer": "5m"},
        {"who": "deputy_on_duty", "answer": "5m"},
        {"who": "everyone", "repeat": "2m"},
    )
}
_DANGER_LADDER: dict[str, object] = {"together": 2, "everyone_after": "2m"}


@cache
def shipped_lines() -> list[dict[str, object]]:
    """The risk lines of the shipped policy: a file that names none must not make every visit a low risk."""
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    lines: list[dict[str, object]] = shipped["lines"]
    return lines


def parse_policy(text: str) -> Policy:
    """Check a whole policy in TOML; what it does not name keeps its default. Raises PolicyError naming every fault."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([str(error)]) from error
    risk = given.setdefault("risk", {})
    for level, figures in _defaults().items():
        risk[level] = {**figures, **risk.get(level, {})}
    ladders = given.setdefault("ladder", {})
    ladders.setdefault("default", _DEFAULT_LADDER)
    ladders["danger"] = {**_DANGER_LADDER, **ladders.get("danger", {})}
    given.setdefault("lines", shipped_lines())
    try:
        return Policy.model_validate(given)
    except ValidationError as error:
        raise PolicyError([_fault(each) for each in error.errors()]) from error


def _fault(error: object) -> str:
    place = ".".join(str(part) for part in error["loc"])  # type: ignore[index]
    return f"{place}: {error['msg']}"  # type: ignore[index]


def read_policy(path: Path) -> Policy:
    """Read and check a policy file. Raises PolicyError, OSError."""
    return parse_policy(path.read_text(encoding="utf-8"))
