"""The policy's part about acting on an alert: what to do next, by kind, in the agency's own words."""

from typing import Annotated

from pydantic import Field

from config.policy_base import Section

Step = Annotated[str, Field(min_length=1, max_length=240)]
#: One after the other. Read at night on a phone: more of them are not read.
Steps = Annotated[tuple[Step, ...], Field(min_length=1, max_length=9)]


class NextPolicy(Section):
    """What whoever has an alert does next: the steps of each kind, in their order."""

    not_begun: Steps
    missed_check_in: Steps
    not_out: Steps
    not_home: Steps
    ring_me: Steps
    sos: Steps
    duress: Steps
    undeliverable: Steps
    unwatched: Steps

    def of(self, kind: str) -> tuple[str, ...]:
        """The steps of this kind of alert."""
        steps: tuple[str, ...] = getattr(self, kind)
        return steps
