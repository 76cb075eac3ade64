"""From a message's params (JSON) to the words that fill its braces: local times, names of things, lists as prose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.wording import Wording
from safety_service.actions.places import said_distance

Params = Mapping[str, Any]
#: No single text of a person's takes more of a message than this.
LONGEST_WORD = 700
MAP = "https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}#map=18/{latitude:.5f}/{longitude:.5f}"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "March", "April", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where and when something is read. `now` is the message's own time; None: every time is taken for today's."""

    wording: Wording
    zone: ZoneInfo
    now: datetime | None = None

    def say(self, name: str, **words: str) -> str:
        """A label."""
        return self.wording.label(name, words)

    def named(self, group: str, value: object) -> str:
        """The label of a word of ours in this group; a word that is nobody's label is said as it is."""
        name = f"{group}.{value}"
        return self.wording.label(name) if name in self.wording.labels else str(value)

    def clock(self, moment: datetime | str) -> str:
        """A local time, HH:MM; with its day when that is not today."""
        at = (datetime.fromisoformat(moment) if isinstance(moment, str) else moment).astimezone(self.zone)
        time = f"{at:%H:%M}"
        today = at.date() if self.now is None else self.now.astimezone(self.zone).date()
        if at.date() == today:
            return time
        if at.date() == today + timedelta(days=1):
            return self.say("say.tomorrow", time=time)
        return self.say("say.day", day=_day(at.date()), time=time)

    def length(self, seconds: float) -> str:
        """A length of time as one would say it."""
        if seconds < 60:
            return self.say("say.seconds", count=f"{seconds:g}")
        hours, minutes = divmod(round(seconds / 60), 60)
        if not hours:
            return self.say("say.minutes", count=str(minutes))
        if minutes:
            return self.say("say.hours_and", hours=str(hours), minutes=str(minutes))
        return self.say("say.hour") if hours == 1 else self.say("say.hours", count=str(hours))


def _day(day: date) -> str:
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def dress(params: Params, frame: Frame) -> dict[str, str]:
    """Every word that the params give; what is not known is an empty word."""
    words: dict[str, str] = {}
    for key, value in params.items():
        special = _SPECIAL.get(key)
        if special is not None and value is not None:
            words.update(special(key, value, frame))
        else:
            words[key] = _plain(value)
    words.update(_derived(params, frame))
    return {key: word if len(word) <= LONGEST_WORD else f"{word[:LONGEST_WORD]}…" for key, word in words.items()}


Words = dict[str, str]
Dresser = Callable[[str, Any, Frame], Words]


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool | dict):
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value).strip()


def _time(key: str, value: Any, frame: Frame) -> Words:
    return {key: frame.say("say.now") if value == "now" else frame.clock(value)}


def _length(key: str, value: Any, frame: Frame) -> Words:
    return {key: frame.length(float(value))}


def _label(group: str) -> Dresser:
    return lambda key, value, frame: {key: frame.named(group, value)}


def _option(key: str, value: Any, frame: Frame) -> Words:
    return {key: frame.named(f"option.visit.{key}", value)}


def _risk(_key: str, value: Any, frame: Frame) -> Words:
    risk = frame.named("risk", value)
    return {"risk": risk, "RISK": risk.upper()}


def _because(key: str, value: Any, _frame: Frame) -> Words:
    return {key: ". ".join(str(each).strip().rstrip(".") for each in value)}


def _told(key: str, value: Any, frame: Frame) -> Words:
    def name(each: Params) -> str:
        return frame.say("say.you") if each.get("you") else str(each["name"])

    return {key: ", ".join(f"{name(each)} {frame.clock(each['at'])}" for each in value)}


def _next(key: str, value: Any, frame: Frame) -> Words:
    names = value["who"] if isinstance(value["who"], list) else [value["who"]]
    said = ", ".join(frame.named("post", each) for each in names)
    return {key: said if value.get("at") is None else f"{said} {frame.clock(value['at'])}"}


def _lacking(key: str, value: Any, frame: Frame) -> Words:
    """What a visit lacks: the measure in the guidance's words, or how the work was to go on; since when. Never why."""

    def said(each: Params) -> str:
        what = frame.named("course", each["key"]) if each.get("what") == "course" else str(each["says"])
        if each.get("own"):
            what = frame.say("say.own_measure")
        if not each.get("since"):
            return what
        return frame.say("say.since_on", what=what, on=_day(date.fromisoformat(each["since"])))

    return {key: ", ".join(dict.fromkeys(said(each) for each in value))}


def _date(key: str, value: Any, _frame: Frame) -> Words:
    return {key: _day(date.fromisoformat(value))}


def _posts(key: str, value: Any, frame: Frame) -> Words:
    return {key: ", ".join(frame.named("post", each) for each in value)}


def _urgent(key: str, value: Any, frame: Frame) -> Words:
    return {key: ", ".join(frame.named("urgent", each) for each in value)}


def _tell(key: str, value: Any, frame: Frame) -> Words:
    return {key: ", ".join(frame.named("tell", each) for each in value)}


def _seen(_key: str, value: Any, frame: Frame) -> Words:
    at, distance_m = frame.clock(value["at"]), value.get("distance_m")
    if distance_m is None:
        return {"last_seen": frame.say("say.seen_at", at=at)}
    return {"last_seen": frame.say("say.seen_away", at=at, distance=distance(distance_m))}


def distance(metres: int) -> str:
    """A distance as one would say it."""
    far = said_distance(metres)
    return f"{far.amount} {far.unit}"


def _distance(_key: str, value: Any, _frame: Frame) -> Words:
    return {"distance": distance(value)}


def _responder(_key: str, value: Any, _frame: Frame) -> Words:
    car = ", ".join(str(value[each]) for each in ("car", "registration") if value.get(each))
    rest = {each: _plain(value.get(each)) for each in ("description", "next_of_kin", "medical")}
    return {"car": car, **rest}


def _lines(key: str, value: Any, frame: Frame) -> Words:
    said = []
    for each in value:
        words = dress(each, frame)
        said += [text for line in frame.wording.templates[f"line.{each['line']}"] if (text := line.filled(words))]
    return {key: "\n".join(f"{text[0].upper()}{text[1:]}" for text in said)}


def _one_a_line(key: str, value: Any, _frame: Frame) -> Words:
    return {key: "\n".join(str(each) for each in value)}


def _last(key: str, value: Any, frame: Frame) -> Words:
    return {key: frame.say("say.last_extra") if value else ""}


def _kinds(key: str, value: Any, frame: Frame) -> Words:
    return {key: ", ".join(frame.named("kind", each) for each in value)}


def _derived(params: Params, frame: Frame) -> Words:
    words: Words = {}
    if params.get("worker") and not params.get("worker_phone"):
        words["no_phone"] = _plain(params["worker"])
    if not params.get("worker"):
        words["no_worker"] = frame.say("say.any")
    if not params.get("owner"):
        words["no_owner"] = frame.say("say.nobody_has")
    if "with" in params:
        others = " and ".join(params["with"])
        words["company"] = frame.say("company.with", others=others) if others else frame.say("company.alone")
    latitude, longitude = params.get("latitude"), params.get("longitude")
    if latitude is not None and longitude is not None:
        words["map"] = MAP.format(latitude=latitude, longitude=longitude)
    return words


_TIMES = (
    "time starts starts_at ends_at due_at opened_at last_word_at at by_at asked_at from until said_at next_at"
    " out_by battery_at spoken_at since expected_at left_at"
).split()

_SPECIAL: dict[str, Dresser] = {
    **dict.fromkeys(_TIMES, _time),
    "length": _length,
    "every": _length,
    "risk": _risk,
    **dict.fromkeys(("because", "met"), _because),
    "told": _told,
    "next": _next,
    "passed": _posts,
    "last_position": _seen,
    "distance_m": _distance,
    "responder": _responder,
    "kind": _label("kind"),
    "found": _label("found"),
    "known_by": _label("known_by"),
    "phase": _label("phase"),
    "outcome": _label("outcome"),
    "role": _label("role"),
    "verdict": _label("verdict"),
    "course": _label("course"),
    "lacking": _lacking,
    "until_on": _date,
    "due_on": _date,
    "item": _label("item"),
    "cause": _label("cause"),
    "urgent": _urgent,
    "tell": _tell,
    "post": _label("post"),
    "purpose": _option,
    "transport": _option,
    "exit": _option,
    "visits": _lines,
    "alarms": _lines,
    "posts": _lines,
    "roles": _lines,
    "chats": _kinds,
    "last": _last,
    "loosens": _one_a_line,
}
