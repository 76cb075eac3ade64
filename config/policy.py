"""The agency's policy: figures and lines that managers can read, checked whole.

`policy.toml` beside this file is the shipped policy; an agency's file names only what differs. The ceilings are in the
code: policy may make Doorstep quicker, never slower than what keeps people safe.
"""

import tomllib
from collections.abc import Mapping
from datetime import time
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from config.layers import fault, over
from config.places import lines_of
from config.policy_acting import NextPolicy
from config.policy_base import LEVELS, Duration, Level, Section, at_most
from config.policy_learning import AroundPolicy, FamilyPolicy, PlanPolicy, SharingPolicy, TrainingPolicy
from config.policy_reaching import BundlePolicy, NightPolicy, ReachPolicy
from config.retention import RetentionPolicy

__all__ = ["LEVELS", "Level", "Policy", "PolicyError", "parse_policy", "read_policy"]

LadderName = Literal["default", "low", "medium", "high", "danger"]
ChannelName = Literal["telegram", "webchat", "voice", "sms", "email", "hook"]
#: How sensitive what a channel carries may be (see `config.wording`).
Sensitivity = Literal["public", "plan", "case"]

#: The rung that is always the last: everyone on duty and the standing list.
LAST_RUNG = "everyone"
SHIPPED = Path(__file__).with_name("policy.toml")


class PolicyError(ValueError):
    """The policy cannot be used; `faults` names every error with the place where it stands."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


Interval = Annotated[Duration, at_most("2h")]
Grace = Annotated[Duration, at_most("30m")]
Wait = Annotated[Duration, at_most("20m")]
Repeat = Annotated[Duration, at_most("10m")]
Hours = Annotated[Duration, at_most("4h")]
Day = Annotated[Duration, at_most("7d")]


class RiskPolicy(Section):
    """What a risk level asks of a visit and of its watch."""

    interval: Interval
    grace: Grace
    end_grace: Grace
    home_grace: Grace
    #: Longest that extensions, lateness and planned silence may add up to on one visit.
    cap: Hours
    decision: bool = False
    own_word: bool = False
    #: When whoever took an alert is asked for news; None: as `taken.news_within`.
    news_within: Wait | None = None


class RiskLevels(Section):
    """The three levels' figures."""

    low: RiskPolicy
    medium: RiskPolicy
    high: RiskPolicy


class BeginPolicy(Section):
    """Around the planned start: tell before it, ask after it, alert after that."""

    remind: Annotated[Duration, at_most("1h")]
    ask: Grace
    alarm: Annotated[Duration, at_most("1h")]

    @model_validator(mode="after")
    def _ask_comes_before_alarm(self) -> "BeginPolicy":
        if self.ask > self.alarm:
            raise ValueError("ask must not be later than alarm")
        return self


class RungPolicy(Section):
    """One rung: who stands on it, how long they have to answer, and (the last) how often it is told again."""

    who: str = Field(pattern=r"^[a-z][a-z_]*$")
    answer: Wait | None = None
    repeat: Repeat | None = None

    @model_validator(mode="after")
    def _everyone_repeats(self) -> "RungPolicy":
        if self.who == LAST_RUNG and self.answer is not None:
            raise ValueError("everyone has `repeat`, not `answer`")
        if self.who != LAST_RUNG and self.repeat is not None:
            raise ValueError("only everyone is told again: this rung has `answer`, not `repeat`")
        return self


class LadderPolicy(Section):
    """A ladder: at least two rungs of different people; the last is everyone, told until somebody takes it.

    Without rungs of its own it has those of the default ladder.
    """

    rungs: tuple[RungPolicy, ...] | None = None
    #: Rungs told at once.
    together: int = Field(default=1, ge=1, le=9)
    #: When everyone hears, whatever rungs lie between; None: rung by rung.
    everyone_after: Annotated[Duration, at_most("5m")] | None = None

    @model_validator(mode="after")
    def _least_ladder(self) -> "LadderPolicy":
        posts = [rung.who for rung in self.rungs or ()]
        if self.rungs is not None and len(set(posts)) < 2:
            raise ValueError("a ladder needs at least two rungs of different people")
        if len(set(posts)) < len(posts):
            raise ValueError("a ladder tells the same rung twice")
        if LAST_RUNG in posts[:-1]:
            raise ValueError("everyone stands on the last rung")
        return self


class TakenPolicy(Section):
    """What is asked of whoever took an alert."""

    news_within: Wait
    danger: Wait
    reply: Wait


class WordsPolicy(Section):
    """Waits around single words."""

    #: A request to be rung that nobody answers is an alert after this.
    ring_me: Annotated[Duration, at_most("3m")]
    #: A repeated call for help climbs unless its owner confirms it within this.
    sos_confirm: Annotated[Duration, at_most("2m")]
    #: Before the planned end: still on?
    still_on: Annotated[Duration, at_most("1h")]
    #: What one tap extends by, and what the other one, inside.
    extend: Hours
    extend_short: Hours
    #: The way home, where the plan does not say.
    travel: Hours
    #: Out arms the next visit where it starts within this.
    chain: Hours
    #: Metres from the planned address at which a position is asked about.
    wrong_place_m: int = Field(ge=50)


class DebriefPolicy(Section):
    """When a debrief is chased; times of day are the agency's local time."""

    fine_at: time
    fine_again_at: time
    fine_manager_at: time
    bad_after: Day
    bad_again_after: Day
    bad_manager_after: Day
    #: The rest of a difficult one, counted from its first part: asked for, again, and then the manager is told.
    rest_after: Day
    rest_again_after: Day
    rest_manager_after: Day
    #: A quiet visit to a family with an open plan or undertaking: each so-manieth is asked whether it is really quiet.
    quiet_every: int = Field(ge=1, le=100)
    #: An open item without a day of its own is asked after so often.
    item_every: Day
    #: Of those that file themselves, the share that is reviewed all the same.
    sample: float = Field(ge=0, le=1)
    #: A difficult one that nobody has reviewed by then is asked for, and again after each such time.
    review_within: Day
    review_again: Day


class RiskLine(Section):
    """One readable line of the risk rules: which level, when it is true, and the words that say so.

    Exactly one condition: `fact` (with `within`, `count`, `of_worker`), `answer` (with `is`), `dark`, `unknown`,
    or `medium_lines`. Two lines with one key are one reason, however many of them are true.
    """

    key: str = Field(pattern=r"^[a-z][a-z_]*$")
    level: Literal["medium", "high"]
    says: str = Field(min_length=1)
    fact: str | None = None
    within: Annotated[Duration, at_most("36525d")] | None = None
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
            raise ValueError(f"risk line {self.key!r}: needs exactly one condition")
        if (self.answer is None) != (self.is_ is None):
            raise ValueError(f"risk line {self.key!r}: `answer` and `is` go together")
        if self.fact is None and (self.within is not None or self.count > 1 or self.of_worker):
            raise ValueError(f"risk line {self.key!r}: `within`, `count` and `of_worker` belong to a `fact`")
        if self.medium_lines is not None and self.level != "high":
            raise ValueError(f"risk line {self.key!r}: lines at once make a high one")
        return self

    @model_validator(mode="after")
    def _says_what_it_knows(self) -> "RiskLine":
        known = {"worker", "on"} if self.fact is not None else {"worker"}
        for _, name, _, _ in Formatter().parse(self.says):
            if name is not None and name not in known:
                raise ValueError(f"risk line {self.key!r}: {{{name}}} is not known here")
        return self


class Policy(Section):
    """The whole policy of one edition."""

    risk: RiskLevels
    lines: tuple[RiskLine, ...]
    begin: BeginPolicy
    ladder: Mapping[LadderName, LadderPolicy]
    taken: TakenPolicy
    reach: ReachPolicy
    night: NightPolicy
    bundle: BundlePolicy
    #: What to do next about an alert of each kind.
    next: NextPolicy
    words: WordsPolicy
    debrief: DebriefPolicy
    plan: PlanPolicy
    retention: RetentionPolicy
    training: TrainingPolicy
    family: FamilyPolicy
    sharing: SharingPolicy
    around: AroundPolicy
    #: Local hours in which a visit counts as by daylight.
    daylight: tuple[time, time]
    #: What each channel may carry.
    ceilings: Mapping[ChannelName, Sensitivity]
    #: What an alarm may carry there, so that people can act from it.
    alarm_ceilings: Mapping[ChannelName, Sensitivity]
    office_number: str

    def level(self, risk: Level) -> RiskPolicy:
        """The figures of one risk level."""
        levels: dict[Level, RiskPolicy] = {"low": self.risk.low, "medium": self.risk.medium, "high": self.risk.high}
        return levels[risk]


def parse_policy(text: str) -> Policy:
    """Check a whole policy in TOML; what it does not name is as shipped. Raises PolicyError naming every fault."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([str(error)]) from error
    try:
        return Policy.model_validate(over(_shipped_below(given), given))
    except ValidationError as error:
        lines = lines_of(text)
        raise PolicyError([fault(each, lines) for each in error.errors()]) from error


def read_policy(path: Path) -> Policy:
    """Read and check a policy file. Raises PolicyError, OSError."""
    return parse_policy(path.read_text(encoding="utf-8"))


@cache
def _shipped() -> dict[str, Any]:
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


def _shipped_below(given: dict[str, Any]) -> dict[str, Any]:
    """The shipped policy, without the special cases that a general rule in the given one is to hold for, too."""
    base = dict(_shipped())
    if _names(given, "ladder", "default"):
        base["ladder"] = {name: rungs for name, rungs in base["ladder"].items() if name in ("default", "danger")}
    if _names(given, "taken", "news_within"):
        levels = base["risk"].items()
        base["risk"] = {
            level: {name: figure for name, figure in figures.items() if name != "news_within"}
            for level, figures in levels
        }
    return base


def _names(given: dict[str, Any], section: str, key: str) -> bool:
    part = given.get(section)
    return isinstance(part, dict) and key in part
