"""From what a debrief says to the measures that it suggests: the guidance's own, and those in the worker's words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.guidance import Demands, Guidance
from config.policy_learning import PlanPolicy
from safety_service.domain import working_days
from safety_service.domain.plan import OWN, Because, Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A measure before anybody has it to decide. `at_once`: it holds provisionally."""

    key: str
    says: str
    demands: Demands = field(default_factory=Demands)
    because: Because
    at_once: bool = False

    def same_as(self, measure: Measure) -> bool:
        """Whether a measure is this one already; one's own words are compared as they are read."""
        own = self.key == OWN
        return measure.key == self.key and (not own or _plain(measure.says) == _plain(self.says))


def suggested(
    guidance: Guidance, behaviours: Sequence[str], answers: Mapping[str, Any], debrief_id: UUID
) -> list[Suggestion]:
    """What a debrief suggests, each measure once, with everything that speaks for it."""
    found: dict[tuple[str, str], Suggestion] = {}
    for each in (*_of_behaviours(guidance, behaviours), *_of_answers(guidance, answers)):
        traced = replace(each, because=each.because.joined(Because(debriefs=(str(debrief_id),))))
        place = (traced.key, _plain(traced.says) if traced.key == OWN else "")
        before = found.get(place)
        if before is not None:
            because = before.because.joined(traced.because)
            traced = replace(traced, because=because, at_once=before.at_once or traced.at_once)
        found[place] = traced
    return list(found.values())


def by_hand(guidance: Guidance, said: str, why: str) -> Suggestion:
    """What somebody puts forward themselves: a measure of the guidance by its key, or one in their own words."""
    because = Because(words=why.strip())
    if said in guidance.measures and not guidance.measures[said].off:
        return next(_measures(guidance, (said,), because))
    return Suggestion(key=OWN, says=said.strip(), because=because)


def _of_behaviours(guidance: Guidance, behaviours: Iterable[str]) -> Iterator[Suggestion]:
    for name in behaviours:
        if (met := guidance.behaviours.get(name)) is not None:
            because = Because(behaviours=(name,), clauses=(met.source,))
            yield from _measures(guidance, met.measures, because, at_once=met.urgent)


def _of_answers(guidance: Guidance, answers: Mapping[str, Any]) -> Iterator[Suggestion]:
    for name in _words(answers.get("reasons")):
        if (reason := guidance.reasons.get(name)) is not None:
            yield from _measures(guidance, reason.measures, Because(reasons=(name,), clauses=(reason.source,)))
    for name in _words(answers.get("needs")):
        if (need := guidance.needs.get(name)) is not None:
            yield from _measures(guidance, need.measures, Because(needs=(name,), clauses=(need.source,)))
    for words in _words(answers.get("safer")):
        if words in guidance.measures:
            yield from _measures(guidance, (words,), Because())
        else:
            yield Suggestion(key=OWN, says=words.strip(), because=Because(words=words.strip()))


def _measures(
    guidance: Guidance, keys: Iterable[str], because: Because, *, at_once: bool = False
) -> Iterator[Suggestion]:
    for key in keys:
        entry = guidance.measures[key]
        if not entry.off:
            yield Suggestion(
                key=key,
                says=entry.says,
                demands=entry.demands,
                because=because.joined(Because(clauses=(entry.source,))),
                at_once=at_once and entry.provisional,
            )


def _words(given: Any) -> list[str]:
    listed = given if isinstance(given, list | tuple) else [given]
    return [each for each in listed if isinstance(each, str) and each.strip()]


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".!").casefold()


def decide_by(
    now: datetime, *, urgent: bool, next_visit: datetime | None, zone: ZoneInfo, policy: PlanPolicy
) -> datetime:
    """By when somebody has to have decided: before the next visit, and within so many working days, or after a threat
    within so much time by the clock. Never in the past.
    """
    latest = now + policy.threat if urgent else working_days.after(now, policy.decide, zone)
    return latest if next_visit is None else max(min(latest, next_visit), now)
