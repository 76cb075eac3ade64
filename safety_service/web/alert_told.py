"""Who was told what of an alert, when, by which channel, whether it reached them; and what happened, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bots.dialogue.dressing import Frame
from safety_service.domain.timeline import Facts, Sending
from safety_service.domain.timeline_story import fate, happened
from safety_service.domain.timeline_words import message


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRow:
    """One message to one person by one channel."""

    at: str
    who: str
    what: str
    channel: str
    fate: str
    #: How it stands: `reached`, `not_reached`, or `under_way` (or no longer wanted).
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One line of the story."""

    at: str
    says: str


def told_rows(facts: Facts, frame: Frame, most: int) -> list[ToldRow]:
    """The latest messages to people about the alert, the newest first; not the questions to the worker."""
    workers = {facts.alert.worker_id}
    rows = [each for each in facts.sendings if each.to not in workers and not each.template.startswith("ask.")]
    return [_row(facts, frame, each) for each in rows[::-1][:most]]


def _row(facts: Facts, frame: Frame, each: Sending) -> ToldRow:
    what = message(each.template)
    return ToldRow(
        at=facts.moment(each.put_at),
        who=facts.names.get(each.to, "somebody"),
        what=what,
        channel=frame.named("kind", each.channel),
        fate=fate(facts, each),
        mark=_mark(each),
    )


def _mark(each: Sending) -> str:
    if each.reached_at is not None:
        return "reached"
    return "not_reached" if each.state in ("failed", "held") else "under_way"


def story_lines(facts: Facts, most: int) -> list[StoryLine]:
    """What happened lately, the newest first."""
    lines: Sequence[StoryLine] = [StoryLine(at=facts.moment(each.at), says=each.text) for each in happened(facts)]
    return list(lines[::-1][:most])
