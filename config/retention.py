"""How long what was recorded is kept: as policy says, and never for less than the floor."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from config.duration import parse_duration, say_duration


def _at_least(floor: str) -> AfterValidator:
    shortest = parse_duration(floor)

    def check(length: timedelta) -> timedelta:
        if length < shortest:
            raise ValueError(f"{say_duration(length)} is shorter than {floor}: nothing is removed so soon")
        return length

    return AfterValidator(check)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


#: What goes with a family's file, if it has not gone before.
_OF_FAMILIES = ("positions", "notes", "files", "messages", "visits", "alerts", "debriefs", "facts", "openings")


class RetentionPolicy(BaseModel):
    """What is removed after which time. A hold on a family keeps everything of it, whatever stands here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Where a worker was, with a word or an alarm.
    positions: Annotated[Duration, _at_least("31d")]
    #: What somebody wrote beside a word.
    notes: Annotated[Duration, _at_least("366d")]
    #: Voice notes and photographs.
    files: Annotated[Duration, _at_least("92d")]
    #: Words as a provider brought them, after they were acted on.
    heard: Annotated[Duration, _at_least("31d")]
    #: Messages that went out, except those of alerts.
    messages: Annotated[Duration, _at_least("31d")]
    #: Address, purpose, plan and risk lines of a visit, and the reasons of decisions on it.
    visits: Annotated[Duration, _at_least("366d")]
    #: What was found, and the messages by which people were told.
    alerts: Annotated[Duration, _at_least("731d")]
    #: Debriefs with all that was added to them, counted from when they were given.
    debriefs: Annotated[Duration, _at_least("366d")]
    #: Risk facts, from when they ended.
    facts: Annotated[Duration, _at_least("366d")]
    #: Why somebody opened a family that they have nothing to do with.
    openings: Annotated[Duration, _at_least("366d")]
    #: Supervision, and how a worker's own work goes on.
    supervision: Annotated[Duration, _at_least("366d")]
    #: Numbers, card and phrases of somebody who left, and ways to reach people that have ended.
    numbers: Annotated[Duration, _at_least("92d")]
    #: The name of somebody who left: as long as what they are named in, so that it can be taken out of an answer.
    people: Annotated[Duration, _at_least("366d")]
    #: Everything of a family, from the last thing that happened with it.
    file: Annotated[Duration, _at_least("366d")]
    #: The details of the evidence log; who did what and when stays.
    evidence: Annotated[Duration, _at_least("731d")]

    @model_validator(mode="after")
    def _what_goes_last(self) -> "RetentionPolicy":
        """A family's file holds what is of it, and the evidence says what was done with all of it."""
        for name in type(self).model_fields:
            if name in _OF_FAMILIES and getattr(self, name) > self.file:
                raise ValueError(f"file must be kept for at least as long as {name}")
            if name in _OF_FAMILIES and getattr(self, name) > self.people:
                raise ValueError(f"people must be kept for at least as long as {name}")
            if getattr(self, name) > self.evidence:
                raise ValueError(f"evidence must be kept for at least as long as {name}")
        return self
