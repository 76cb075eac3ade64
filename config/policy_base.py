"""What the sections of a policy share: no unknown keys, durations with a ceiling, the risk levels."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from config.duration import parse_duration, say_duration

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


def at_most(ceiling: str) -> AfterValidator:
    """No longer than this, and longer than nothing."""
    longest = parse_duration(ceiling)

    def check(length: timedelta) -> timedelta:
        if length > longest:
            raise ValueError(f"{say_duration(length)} is longer than the safe ceiling of {ceiling}")
        if length <= timedelta():
            raise ValueError("must be longer than nothing")
        return length

    return AfterValidator(check)


class Section(BaseModel):
    """A part of the policy: unknown keys are refused, so that a misspelt line is never silently without effect."""

    model_config = ConfigDict(frozen=True, extra="forbid")
