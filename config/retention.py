"""How long what was recorded is kept: as policy says, and never for less than the floor."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from config.duration import parse_duration, say_duration


def _at_least(floor: str) -> AfterValidator:
    shortest = parse_duration(floor)

    def check(length: timedelta) -> timedelta:
        if length < shortest:
            raise ValueError(f"{say_duration(length)} is shorter than {floor}: nothing is removed so soon")
        return length

    return AfterValidator(check)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class RetentionPolicy(BaseModel):
    """What is removed after which time. A hold on a family keeps everything of it, whatever stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Debriefs with all that was added to them, counted from when they were given.
    debriefs: Annotated[Duration, _at_least("366d")]
    #: Messages that went out.
    messages: Annotated[Duration, _at_least("31d")]
