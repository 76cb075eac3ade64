"""A week of a rota as its page draws it: day by day, post by post, with what is missing in red."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions.rota_week import WEEK, Week
from safety_service.domain.duty import Shift
from safety_service.domain.gaps import Missing, Why
from safety_service.web.running_words import (
    SOMEBODY,
    field_time,
    missing_said,
    post_said,
    shown_names,
    span_said,
    until_said,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Somebody on a post on a day, or what is missing. `note`: for whom they stand in, or that they are on leave."""

    hours: str
    says: str
    note: str = ""
    link: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """A post on a day."""

    says: str
    slots: Sequence[Slot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day. `gaps`: whether anything is missing on it."""

    key: str
    says: str
    short: str
    today: bool
    past: bool
    gaps: bool
    posts: Sequence[Post]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing, in a line of its own."""

    post: str
    says: str
    when: str
    soon: str
    link: str


def days_of(week: Week, now: datetime) -> list[Day]:
    """The seven days."""
    names = shown_names(week.outlook.people, week.outlook.hidden)
    return [_day(week, number, names, now) for number in range(WEEK)]


def _day(week: Week, number: int, names: Mapping[UUID, str], now: datetime) -> Day:
    begins, ends = week.day(number)
    on = week.monday + timedelta(days=number)
    missing = [each for each in week.missing if each.starts_at < ends and each.ends_at > begins]
    return Day(
        key=on.isoformat(),
        says=f"{on:%A} {on.day} {on:%B}",
        short=f"{on:%a} {on.day}",
        today=begins <= now < ends,
        past=ends <= now,
        gaps=bool(missing),
        posts=[Post(post_said(post), _slots(week, post, begins, ends, names, missing)) for post in week.posts],
    )


def _slots(
    week: Week, post: str, begins: datetime, ends: datetime, names: Mapping[UUID, str], missing: Sequence[Missing]
) -> list[Slot]:
    def there(each: Shift | Missing) -> bool:
        return each.post == post and each.starts_at < ends and each.ends_at > begins

    drawn = [(each.starts_at, _shift(week, each, begins, ends, names)) for each in week.outlook.shifts if there(each)]
    drawn += [(each.starts_at, _offer(week, each, begins, ends, names)) for each in week.offers if there(each)]
    drawn += [(each.starts_at, _missing(week, each, begins, ends, names)) for each in missing if there(each)]
    return [slot for _, slot in sorted(drawn, key=lambda pair: (max(pair[0], begins), not pair[1].missing))]


def _shift(week: Week, shift: Shift, begins: datetime, ends: datetime, names: Mapping[UUID, str]) -> Slot:
    runs = (max(shift.starts_at, begins), min(shift.ends_at, ends))
    away = any(
        each.person_id == shift.person_id and each.starts_at < runs[1] and each.ends_at > runs[0]
        for each in week.outlook.leaves
    )
    notes = [f"for {names.get(shift.covers_id, SOMEBODY.lower())}"] if shift.covers_id else []
    known = shift.person_id in names
    notes += ["on leave"] if away and known else []
    return Slot(
        hours=_hours(*runs, week.zone),
        says=names.get(shift.person_id, SOMEBODY),
        note=", ".join(notes),
        link=f"/rota/shifts/{shift.id}" if known and shift.ends_at > week.now else "",
    )


def _offer(week: Week, offer: Shift, begins: datetime, ends: datetime, names: Mapping[UUID, str]) -> Slot:
    who = names.get(offer.person_id, SOMEBODY)
    giver = SOMEBODY if offer.covers_id is None else names.get(offer.covers_id, SOMEBODY)
    return Slot(
        hours=_hours(max(offer.starts_at, begins), min(offer.ends_at, ends), week.zone),
        says=f"{who} was asked to take over",
        note=f"until they say yes, {giver} stays on",
    )


def _missing(week: Week, each: Missing, begins: datetime, ends: datetime, names: Mapping[UUID, str]) -> Slot:
    return Slot(
        hours=_hours(max(each.starts_at, begins), min(each.ends_at, ends), week.zone),
        says=missing_said(each, names),
        link=put_on_link(week.team.id, each, week.zone),
        missing=True,
    )


def put_on_link(team_id: UUID, each: Missing, zone: ZoneInfo) -> str:
    """Where somebody is put on for exactly that time."""
    query = {"post": each.post, "from": field_time(each.starts_at, zone), "to": field_time(each.ends_at, zone)}
    return f"/rota/{team_id}/on?{urlencode(query)}"


def gaps_of(
    team_id: UUID, missing: Sequence[Missing], names: Mapping[UUID, str], zone: ZoneInfo, now: datetime
) -> list[Gap]:
    """What is missing, a line each, the soonest first. Nights in which nothing wakes the same people are one line."""
    nights: dict[frozenset[UUID], list[Missing]] = {}
    for each in missing:
        if each.why is Why.ASLEEP:
            nights.setdefault(each.people, []).append(each)
    found = []
    for each in missing:
        same = nights.get(each.people, []) if each.why is Why.ASLEEP else [each]
        if same and same[0] is each:
            found.append(_gap(team_id, each, len(same), names, zone, now))
    return found


def _gap(team_id: UUID, each: Missing, count: int, names: Mapping[UUID, str], zone: ZoneInfo, now: datetime) -> Gap:
    when = span_said(each.starts_at, each.ends_at, zone)
    return Gap(
        post=post_said(each.post),
        says=missing_said(each, names),
        when=when if count == 1 else f"{count} nights, the first {when}",
        soon=until_said(each.starts_at - now),
        link=put_on_link(team_id, each, zone),
    )


def counted(missing: Sequence[Missing]) -> str:
    """`2 gaps and 1 time without a second person and 1 night in which nothing wakes anybody`."""
    asleep = sum(each.why is Why.ASLEEP for each in missing)
    same = sum(each.why is Why.SAME for each in missing)
    gaps = len(missing) - asleep - same
    said = [f"{gaps} gap{'' if gaps == 1 else 's'}"] if gaps else []
    said += [f"{same} time{'' if same == 1 else 's'} without a second person"] if same else []
    said += [f"{asleep} night{'' if asleep == 1 else 's'} in which nothing wakes anybody"] if asleep else []
    return " and ".join(said)


def _hours(begins: datetime, ends: datetime, zone: ZoneInfo) -> str:
    start, end = begins.astimezone(zone), ends.astimezone(zone)
    last = "24:00" if end.time() == end.min.time() and end > start else f"{end:%H:%M}"
    said = f"{start:%H:%M}–{last}"
    return "All day" if said == "00:00–24:00" else said
