"""By which of a person's channels a message goes. Pure: kinds and what is urgent go in, kinds come out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta

#: The canary's own ear (domain.canary): it goes the way of a chat, and nobody's real message does.
CANARY = "canary"
#: What people read when they look.
CHATS = frozenset({"telegram", "webchat", CANARY})
VOICE, SMS = "voice", "sms"
#: What rings, by day and by night: a provider for urgent messages.
WAKING = frozenset({VOICE, SMS})
#: What lies there until somebody reads it: never reached by it (P4).
WRITTEN = frozenset({"email", "hook"})
#: By which people are reached.
KINDS = ("telegram", "webchat", "voice", "sms", "email", "hook")
_DAY = timedelta(days=1)
#: Kinds by which somebody counts as reached once a provider took the message, or the page showed it.
REACHING = CHATS | WAKING
#: Kinds whose address a person gives, and proves with a code that is sent there.
PROVEN = WAKING | WRITTEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """What decides by which channels a message goes.

    `alarm`: somebody has to act now; `danger`: an SOS, or worse; `calls`: it calls somebody who does not know yet;
    `everyone`: said to everyone, again and again; `news`: what became of an alarm; `security`: something new speaks
    for this person.
    """

    alarm: bool = False
    danger: bool = False
    calls: bool = False
    everyone: bool = False
    news: bool = False
    security: bool = False
    night: bool = False


def ways(kinds: Collection[str], urgency: Urgency, waking: Collection[str] = tuple(WAKING)) -> frozenset[str]:
    """Which of these kinds carry it. Chats carry everything; what wakes people carries alarms that have to wake them.

    `waking`: the kinds with which the policy wakes people. Who has no chat is rung by day, too: nothing else reaches
    them. A call is for who does not know yet; whoever has a text message gets the rest there. What only lies there
    carries alarms and news about the person's own account.
    """
    have = frozenset(kinds)
    carried, silent = have & CHATS, not have & CHATS
    if urgency.alarm or urgency.security:
        carried |= have & WRITTEN
    if urgency.alarm and (urgency.night or urgency.danger or urgency.everyone or silent):
        wakes = have & WAKING if silent else have & frozenset(waking)
        carried |= wakes if urgency.calls or SMS not in wakes else wakes - {VOICE}
    if urgency.news and silent:
        carried |= have & {SMS}
    return carried


def is_night(local: time, hours: tuple[time, time]) -> bool:
    """Whether a time of day lies within these hours; they may go past midnight. The end is day again."""
    begins, ends = hours
    if begins <= ends:
        return begins <= local < ends
    return local >= begins or local < ends


def nights(starts_at: datetime, ends_at: datetime, hours: tuple[time, time]) -> bool:
    """Whether any part of this stretch of local time is night."""
    return (
        ends_at - starts_at >= _DAY
        or is_night(starts_at.timetz().replace(tzinfo=None), hours)
        or any(starts_at < moment < ends_at for moment in _beginnings(starts_at, ends_at, hours[0]))
    )


def _beginnings(starts_at: datetime, ends_at: datetime, begins: time) -> list[datetime]:
    days = {starts_at.date(), ends_at.date()}
    return [datetime.combine(day, begins, tzinfo=starts_at.tzinfo) for day in days]
