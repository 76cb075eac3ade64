"""The ladder: rungs and waits, frozen onto the alert; who stands on a rung is read at each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from config.policy import LAST_RUNG, LadderPolicy, Policy
from safety_service.domain.watch import level_of
from safety_service.domain.words import DANGER, Kind, Risk

EVERYONE = LAST_RUNG
#: How often everyone is told again when the policy does not say.
REPEAT = timedelta(minutes=2)
#: How long a rung has to answer when the policy does not say.
ANSWER = timedelta(minutes=5)

#: How often somebody is called for one alarm, and how long a rung that is called has to answer: for alerts that were
#: open before the policy said so.
CALLS = 2
VOICE_ANSWER = timedelta(minutes=1)

#: Who stands on each rung now, the worker and excluded people already left out. `everyone` is always there as a key:
#: everyone on duty and the standing list.
Present = Mapping[str, frozenset[UUID]]


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung as it stood when the alert opened."""

    who: str
    answer: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """The frozen ladder of one alert. The last rung is everyone."""

    rungs: tuple[Rung, ...]
    repeat: timedelta
    together: int
    everyone_after: timedelta | None
    news_within: timedelta
    reply: timedelta
    reach: timedelta
    confirm: timedelta
    calls: int = CALLS
    voice_answer: timedelta = VOICE_ANSWER

    @property
    def last(self) -> int:
        """The number of the last rung; rungs are counted from 1."""
        return len(self.rungs)

    @property
    def between_calls(self) -> timedelta:
        """From one call to the next: all of them lie within the time to answer."""
        return self.voice_answer / self.calls

    def rung(self, number: int) -> Rung:
        """The rung with this number; past the last it is the last."""
        return self.rungs[min(number, self.last) - 1]


def freeze(kind: Kind, risk: Risk, policy: Policy) -> Ladder:
    """The ladder that policy gives an alert of this kind and risk now."""
    danger = kind in DANGER
    chosen = _chosen(danger, risk, policy)
    shape = chosen.rungs or policy.ladder["default"].rungs or ()
    rungs = [Rung(each.who, each.answer or ANSWER) for each in shape if each.who != EVERYONE]
    repeats = [each.repeat for each in shape if each.who == EVERYONE and each.repeat]
    rungs.append(Rung(EVERYONE, repeats[-1] if repeats else REPEAT))
    news = policy.level(level_of(risk)).news_within or policy.taken.news_within
    return Ladder(
        rungs=tuple(rungs),
        repeat=rungs[-1].answer,
        together=min(chosen.together, len(rungs)),
        everyone_after=chosen.everyone_after,
        news_within=policy.taken.danger if danger else news,
        reply=policy.taken.reply,
        reach=policy.reach.danger if danger else policy.reach.other,
        confirm=policy.words.sos_confirm,
        calls=policy.night.calls,
        voice_answer=policy.night.voice_answer,
    )


def _chosen(danger: bool, risk: Risk, policy: Policy) -> LadderPolicy:
    if danger:
        return policy.ladder["danger"]
    return policy.ladder.get(level_of(risk), policy.ladder["default"])
