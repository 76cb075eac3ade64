"""The policy's part about reaching people: what wakes them by night, and many alarms at once."""

from datetime import time
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.policy_base import Duration, Section, at_most


class ReachPolicy(Section):
    """How long a message may take to reach a rung before the next one hears (P4)."""

    danger: Annotated[Duration, at_most("30s")]
    other: Annotated[Duration, at_most("2m")]


class BundlePolicy(Section):
    """When many alarms reach one chat at once: the rest go as one message. SOS and duress never do."""

    #: So many within this time go each by itself.
    more_than: int = Field(ge=1, le=20)
    within: Annotated[Duration, at_most("10m")]
    #: From one message for several to the next, while more alarms come.
    every: Annotated[Duration, at_most("15s")]


class NightPolicy(Section):
    """When it is night, by the agency's clock, and what wakes people then."""

    #: From when to when; past midnight where the first is the later one.
    hours: tuple[time, time]
    #: By night, and always in danger, alarms also go by these.
    waking: Annotated[tuple[Literal["voice", "sms"], ...], Field(min_length=1)]
    #: So often a person is called for one alarm, within the time that a rung which is called has to answer.
    calls: int = Field(ge=1, le=4)
    voice_answer: Annotated[Duration, at_most("3m")]
    #: So long before a night the administrators hear who on its rungs cannot be woken.
    gaps_told: Annotated[Duration, at_most("14d")]
    #: A channel counts as proven for so long after its owner last confirmed it.
    proven_for: Annotated[Duration, at_most("366d")]

    @model_validator(mode="after")
    def _some_time_is_night(self) -> "NightPolicy":
        if self.hours[0] == self.hours[1]:
            raise ValueError("hours: from one time to another, such as 22:00 to 07:00")
        return self
