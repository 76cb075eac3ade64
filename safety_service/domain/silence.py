"""How long it can be silent before a human knows, and before everyone does: what a policy comes down to."""

from dataclasses import dataclass
from datetime import timedelta

from config.policy import Policy
from safety_service.domain.ladder import freeze
from safety_service.domain.loosening import until_everyone
from safety_service.domain.watch import level_of, longest_silence
from safety_service.domain.words import Kind, Risk


@dataclass(frozen=True, slots=True)
class Silence:
    """At one risk: from the planned start, the last word inside, the planned end, the expected way home."""

    begin: timedelta
    inside: timedelta
    end: timedelta
    home: timedelta
    #: More where the worker asked for it: extensions and planned silence together.
    asked: timedelta
    #: After that, where nobody on the rungs answers: until everyone hears.
    everyone: timedelta


def silence(policy: Policy, risk: Risk) -> Silence:
    """The longest of each, at this risk."""
    figures = policy.level(level_of(risk))
    return Silence(
        begin=policy.begin.alarm,
        inside=longest_silence(policy, risk),
        end=figures.end_grace,
        home=figures.home_grace,
        asked=figures.cap,
        everyone=until_everyone(freeze(Kind.MISSED_CHECK_IN, risk, policy)),
    )


def in_danger(policy: Policy) -> timedelta:
    """After a cry: until everyone hears, where nobody on the rungs answers."""
    return until_everyone(freeze(Kind.SOS, Risk.HIGH, policy))
