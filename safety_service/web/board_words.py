"""The board's words: what is said of people, alerts, duty and times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from safety_service.actions.waking import Outlook
from safety_service.domain.words import Kind, Phase, State
from safety_service.store.board import OpenAlert
from safety_service.web.running_words import SOMEBODY
from safety_service.web.visitor import Visitor

PHASES = {Phase.BEGIN: "Before", Phase.INSIDE: "Inside", Phase.HOME: "On the way home"}
KINDS = {
    "not_begun": "has not begun",
    "missed_check_in": "missed a check-in",
    "not_out": "is not out",
    "not_home": "is not home",
    "ring_me": "wants to be rung",
    "sos": "asked for help",
    "undeliverable": "cannot be reached",
    "duress": "asked for help",
    "unwatched": "is not watched",
}
#: Nearer than this it is counted in seconds.
SECONDS = 120


def post_named(post: str) -> str:
    """A post as people say it."""
    return post.replace("_", " ")


def at(visitor: Visitor, moment: datetime, now: datetime) -> str:
    """A time of day where they work, with its day when that is not today."""
    zone = visitor.known.zone
    return _at(zone, moment, now.astimezone(zone).date())


@lru_cache(8192)
def _at(zone: ZoneInfo, moment: datetime, today: date) -> str:
    there = moment.astimezone(zone)
    return f"{there:%H:%M}" if there.date() == today else f"{there:%a} {there:%H:%M}"


def left(due_at: datetime, now: datetime) -> str:
    """How long until then, or how long it is over. The page's script says the same from second to second."""
    seconds = round((due_at - now).total_seconds())
    return f"in {_long(seconds)}" if seconds >= 0 else f"late by {_long(-seconds)}"


def _long(seconds: int) -> str:
    if seconds < SECONDS:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < SECONDS else f"{minutes // 60} h {minutes % 60} min"


def about(one: OpenAlert) -> str:
    """What an alert is about, in a line."""
    return f"{one.worker} {KINDS[one.kind]}" if one.worker_id is not None else "The service needs an eye"


def whose(one: OpenAlert) -> str:
    """Who has it."""
    return "Nobody has it yet" if one.state is State.OPEN else f"{one.owner} has it"


def forbidden(one: OpenAlert) -> str:
    """What must not be done about it; empty: nothing that comes before everything else."""
    return f"Do not ring or text {one.worker}." if one.hushed or one.kind is Kind.DURESS else ""


def behind(faults: Sequence[str], *, whole: bool) -> str:
    """What is said when the watch itself is not kept; the faults only to those who look after others."""
    if not faults:
        return ""
    if whole:
        return f"Alarms may come late: {'; '.join(faults)}. Ring whoever is late yourself."
    return "Do not rely on it now: tell your office yourself when you go in and when you are out."


def nights_said(visitor: Visitor, found: Outlook | None) -> list[str]:
    """What is missing in the nights ahead, for those who can do something about it."""
    if found is None:
        return []
    said = []
    if found.nothing_wakes:
        said.append("By night nobody here can be woken: no calls or text messages are set up.")
    for each in () if found.nothing_wakes else found.asleep:
        who = SOMEBODY.lower() if each.person.id in found.hidden else each.person.name
        since = each.shift.starts_at.astimezone(visitor.known.zone)
        said.append(f"Nothing wakes {who} by night: {post_named(each.shift.post)} from {since:%d %b %H:%M}.")
    if found.standing_short:
        said.append(f"Standing by, reached in two tried ways: {found.standing}. There should be two at least.")
    return said


def listed(names: Iterable[str | None]) -> str:
    """Names in a line; None: of whom the reader learns nothing."""
    several = [SOMEBODY if each is None else each for each in names]
    return " and ".join([*([", ".join(several[:-1])] if several[1:] else []), *several[-1:]])
