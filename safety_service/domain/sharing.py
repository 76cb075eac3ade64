"""Warning other agencies (G10): the least that they need, why it may be told, and who is asked next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.guidance import Behaviour, Guidance


class Basis(StrEnum):
    """What allows it to be told."""

    PROTECT_WORKER = "protect_worker"
    PROTECT_CHILD = "protect_child"
    VITAL_INTEREST = "vital_interest"
    LEGAL_DUTY = "legal_duty"
    CONSENT = "consent"


class Decided(StrEnum):
    """What somebody decides about a share."""

    SHARE = "share"
    WITHHOLD = "withhold"


class Asked(StrEnum):
    """Who is asked to see to it."""

    OWNER = "owner"
    MANAGERS = "managers"
    SUPERVISORS = "supervisors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """All that may leave: what was met, when, what to take care of. No field of it can hold anybody's own words."""

    met: tuple[str, ...]
    on: date
    care: tuple[str, ...]
    #: What else was going on: goes along only where whoever decides says so.
    context: tuple[str, ...] = ()


def to_be_told(guidance: Guidance, behaviours: Iterable[str], tell_now: Iterable[str]) -> tuple[str, ...]:
    """The behaviours of which other agencies should hear; empty: nothing is proposed.

    Where the worker asks that agencies be told, everything counts that counts at all: mixed feelings never do.
    """
    met = [key for key in dict.fromkeys(behaviours) if key in guidance.behaviours]
    if "agencies" in set(tell_now):
        return tuple(key for key in met if guidance.behaviours[key].severity != "none")
    return tuple(key for key in met if guidance.behaviours[key].tells_agencies)


def least(guidance: Guidance, behaviours: Iterable[str], circumstances: Iterable[str], on: date) -> Least:
    """The words of the guidance for these keys, and no other words."""
    told = [guidance.behaviours[key] for key in behaviours]
    return Least(
        met=tuple(each.says for each in told),
        on=on,
        care=tuple(guidance.measures[key].says for key in _care(guidance, told)),
        context=tuple(guidance.says("circumstances", key) for key in circumstances if key in guidance.circumstances),
    )


def _care(guidance: Guidance, told: Iterable[Behaviour]) -> Iterable[str]:
    """What would hold at once for our own people; how often these say that they are well is no matter of others."""
    suggested = dict.fromkeys(key for each in told for key in each.measures)
    for key in suggested:
        measure = guidance.measures[key]
        if measure.provisional and measure.demands.interval is None and not measure.off:
            yield key


def asked(step: int) -> frozenset[Asked]:
    """Who is asked after so many rounds without an answer: its owner, then all managers, then supervisors, too."""
    rounds: Mapping[int, frozenset[Asked]] = {
        0: frozenset({Asked.OWNER}),
        1: frozenset({Asked.OWNER, Asked.MANAGERS}),
    }
    return rounds.get(step, frozenset(Asked))
