"""The whole story of one alert as a page of text: what was said, missed, told, reached and done, in order.

Pure: facts go in, text comes out. Without `with_text` no case text is in it: no notes, and not where the visit was.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.domain.alert import Alert
from safety_service.domain.local_time import say_time


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSaid:
    """A worker's word. `away_m`: metres from the planned address; `elsewhere`: on another visit than the alert's."""

    worker_id: UUID
    kind: str
    said_at: datetime
    heard_at: datetime
    via: str
    note: str = ""
    away_m: int | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An entry of the evidence log. `by` None: the clock or the service itself."""

    at: datetime
    verb: str
    by: UUID | None
    about: UUID | None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message to one person by one channel, and what became of it."""

    to: UUID
    channel: str
    template: str
    #: Which telling of the alert it belongs to.
    step: int
    put_at: datetime
    sent_at: datetime | None
    reached_at: datetime | None
    state: str
    attempts: int
    maybe_sent: bool
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of one alert. `names` and `posts`: what people are called, and their roles in a word."""

    alert: Alert
    agency: str
    zone: ZoneInfo
    printed_at: datetime
    with_text: bool
    names: Mapping[UUID, str]
    posts: Mapping[UUID, str]
    #: The visit in a line; empty without one.
    visit: str = ""
    agreed_by: UUID | None = None
    words: Sequence[WordSaid] = ()
    deeds: Sequence[Deed] = ()
    sendings: Sequence[Sending] = ()
    #: What the service itself went through meanwhile: not watching, started again.
    service: Sequence[Deed] = ()

    def name(self, person_id: UUID | None) -> str:
        """What somebody is called, with their role."""
        if person_id is None:
            return "the service"
        post = self.posts.get(person_id)
        return self.names.get(person_id, "somebody") + (f" ({post})" if post else "")

    def called(self, people: Sequence[UUID]) -> str:
        """Several people, by name alone."""
        return ", ".join(sorted({self.names.get(each, "somebody") for each in people})) or "nobody"

    def clock(self, at: datetime) -> str:
        """A time of day on the agency's clock, to the second."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def moment(self, at: datetime) -> str:
        """A time of day; with its date where that is not the day on which the alert opened."""
        here = at.astimezone(self.zone)
        same = here.date() == self.alert.opened_at.astimezone(self.zone).date()
        return self.clock(at) if same else f"{here.day} {here:%b} {here:%H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story. `order` sorts what happened at the same moment; lines of one order stay as they come."""

    at: datetime
    order: int
    text: str


def page(facts: Facts, head: Sequence[str], story: Sequence[Line], sent: Sequence[str]) -> str:
    """The page: what it is about, the story day by day, and every message with what became of it."""
    lines = [*head, "", *_days(facts, story)]
    if sent:
        lines += ["", "Every message", *(f"  {each}" for each in sent)]
    return "\n".join([*lines, "", f"Written {say_time(facts.printed_at, facts.zone)}, from what is kept.", ""])


def _days(facts: Facts, story: Sequence[Line]) -> Iterator[str]:
    """Each day under its date; where the clocks change, the new time is named before it counts."""
    heading = ""
    for line in sorted(story, key=lambda each: (each.at, each.order)):
        here = line.at.astimezone(facts.zone)
        now = f"{here:%A} {here.day} {here:%B %Y}, {here.tzname()}"
        if now != heading:
            if heading:
                yield ""
            yield now
            heading = now
        yield f"  {facts.clock(line.at)}  {line.text}"
