"""What somebody means: any word counts, however it is typed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Meaning(StrEnum):
    """A word of the watch."""

    BEGIN = "begin"
    OK = "ok"
    EXTEND = "extend"
    OUT = "out"
    HOME = "home"
    CANCEL = "cancel"
    RING_ME = "ring_me"
    SOS = "sos"
    BATTERY = "battery"
    NO_SIGNAL = "no_signal"
    #: Asked for in words that may mean something else: answered with the button.
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Said:
    """A meaning, with how much longer where that was said."""

    meaning: Meaning
    by: timedelta | None = None


_WORDS: dict[Meaning, str] = {
    Meaning.BEGIN: "in|going in|i am in|im in|i m in|begin|start|here|at the door|arrived",
    Meaning.OK: "ok|okay|okey|okay thanks|ok thanks|k|kk|okk|oki|yes|y|yep|yup|yeah|fine|all fine|i am fine|im fine"
    "|i m fine|all well|all good|good|safe|all ok|all okay|i am ok|im ok|i m ok|still here|still on|still fine",
    Meaning.EXTEND: "longer|more time|late|running late|not yet|delayed",
    # Not "leaving": who says so is still inside.
    Meaning.OUT: "out|left|i am out|im out|i m out|i left|i have left",
    Meaning.HOME: "home|i am home|im home|i m home|at home|back home|got home|back|back at the office|at the office",
    Meaning.CANCEL: "not going|cancel|cancelled|not coming|no visit",
    Meaning.RING_ME: "ring me|ring|call me|phone me|ringme|call|ring me please|please ring me|please call me",
    Meaning.SOS: "sos|office now|send help|mayday",
    Meaning.BATTERY: "battery|battery low|low battery|my battery is low|battery is low|phone dying|battery dying",
    Meaning.NO_SIGNAL: "no signal|nosignal|no reception|no signal here",
    Meaning.HELP: "help|help me|help please|need help|i need help|emergency|police|danger|999|112",
}
_MEANINGS = {word: meaning for meaning, words in _WORDS.items() for word in words.split("|")}
_SIGNS = {
    "👍": Meaning.OK,
    "👌": Meaning.OK,
    "✅": Meaning.OK,
    "✔": Meaning.OK,
    "🆗": Meaning.OK,
    "🏠": Meaning.HOME,
    "🆘": Meaning.SOS,
}
_QUIET = re.compile(r"no ?(?:signal|reception)(?: for)?\s+(.+)")
_LONGER = re.compile(r"(?:\+|extend|longer|another|late)\s*(.+)|(.+?)\s*(?:more|longer|late)")


def understand(text: str) -> Said | None:
    """The word of the watch that this text is, if it is one: regardless of case, signs and skin colour."""
    signs = [_SIGNS[each] for each in text if each in _SIGNS]
    plain = _plain(text)
    if not plain:
        return Said(signs[0]) if signs and len(set(signs)) == 1 else None
    if plain in _MEANINGS:
        return Said(_MEANINGS[plain])
    said = _spaced(text).strip(" .!").casefold()
    quiet = _QUIET.fullmatch(said)
    if quiet is not None and (length := read_length(quiet[1])) is not None:
        return Said(Meaning.NO_SIGNAL, length)
    longer = _LONGER.fullmatch(said)
    by = None if longer is None else read_length(longer[1] or longer[2])
    return None if by is None else Said(Meaning.EXTEND, by)


def _plain(text: str) -> str:
    """Letters, digits and single spaces; an apostrophe becomes a space."""
    letters = "".join(each if each.isalnum() else " " for each in _spaced(text).casefold())
    return " ".join(letters.split())


def _spaced(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


_UNIT = {"h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600, "m": 60, "min": 60, "mins": 60, "s": 1}
_UNIT |= {"minute": 60, "minutes": 60, "sec": 1, "secs": 1, "second": 1, "seconds": 1}
_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]*)")
_PLAIN_LENGTHS = {"half an hour": 1800, "an hour": 3600, "one hour": 3600, "a quarter of an hour": 900}
_PLAIN_LENGTHS |= {"quarter of an hour": 900, "an hour and a half": 5400, "two hours": 7200}
DAY = 24 * 3600


def read_length(text: str) -> timedelta | None:
    """A length of time: 45, 45m, 1h30, 1:30, 1.5 hours, half an hour. A bare number is minutes."""
    if text.strip().startswith("-"):
        return None
    plain = " ".join(text.casefold().replace("-", " ").split())
    if plain in _PLAIN_LENGTHS:
        return timedelta(seconds=_PLAIN_LENGTHS[plain])
    if clock := re.fullmatch(r"(\d{1,2}):(\d{2})", plain):
        return _sensible(int(clock[1]) * 3600 + int(clock[2]) * 60)
    seconds, unit = 0.0, "h"
    for amount, word in _AMOUNT.findall(plain):
        # The 30 of 1h30 are minutes, as a bare number is.
        unit = word or "m"
        if unit not in _UNIT:
            return None
        seconds += float(amount.replace(",", ".")) * _UNIT[unit]
    return _sensible(seconds) if not _AMOUNT.sub("", plain).replace("and", "").strip() else None


def _sensible(seconds: float) -> timedelta | None:
    return timedelta(seconds=seconds) if 0 < seconds <= DAY else None


_CLOCK = re.compile(r"(?:at\s+)?(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm|noon)?")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A time of today that is over by no more than this is taken for today's: somebody is late in telling.
JUST_NOW = timedelta(hours=1)


def read_time(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When something starts, aware: now, 14:30, 1430, 2pm, tomorrow 9, Friday 10:00, in 20, +1h."""
    plain = " ".join(text.casefold().replace(",", " ").split()).rstrip(".!")
    if plain in ("now", "at once", "right now"):
        return now
    if ahead := re.fullmatch(r"(?:in|\+)\s*(.+)", plain):
        length = read_length(ahead[1])
        return None if length is None else now + length
    here = now.astimezone(zone)
    days, plain = _day(plain, here)
    clock = _CLOCK.fullmatch(plain)
    if clock is None:
        return None
    hour, minute = int(clock[1]) % 12 if clock[3] in ("am", "pm") else int(clock[1]), int(clock[2] or 0)
    hour += 12 if clock[3] == "pm" else 0
    if hour > 23 or minute > 59:
        return None
    at = here.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days or 0)
    return at + timedelta(days=1) if days is None and at < here - JUST_NOW else at


def _day(plain: str, here: datetime) -> tuple[int | None, str]:
    """How many days ahead, and what is left to read; None: no day was named."""
    first, _, rest = plain.partition(" ")
    if first == "today":
        return 0, rest
    if first in ("tomorrow", "tmr"):
        return 1, rest
    for number, name in enumerate(_WEEKDAYS):
        if first.startswith(name):
            return (number - here.weekday()) % 7 or 7, rest
    return None, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickVisit:
    """`/visit REF 45m every 15m at 14:00`, as far as it could be read."""

    ref: str = ""
    length: timedelta | None = None
    every: timedelta | None = None
    starts_at: datetime | None = None


def read_quick_visit(text: str, now: datetime, zone: ZoneInfo) -> QuickVisit:
    """The quick form of /visit; what is not there is asked for."""
    words = text.split()
    given: dict[str, str] = {"ref": "", "": "", "every": "", "at": ""}
    key = "ref"
    for word in words:
        lower = word.casefold()
        if lower in ("every", "at"):
            key = lower
        elif key == "ref" and given["ref"] and (lower[0].isdigit() or lower in ("for", "now", "tomorrow")):
            key = "at" if lower in ("now", "tomorrow") else ""
            given[key] += "" if lower == "for" else f" {word}"
        else:
            given[key] += f" {word}"
    return QuickVisit(
        ref=given["ref"].strip(),
        length=read_length(given[""]) if given[""].strip() else None,
        every=read_length(given["every"]) if given["every"].strip() else None,
        starts_at=read_time(given["at"], now, zone) if given["at"].strip() else None,
    )
