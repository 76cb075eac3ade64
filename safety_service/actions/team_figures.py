"""The figures of teams over a time, for those who manage or review them. By team and week; never by person.

What somebody is kept off is in none of them. They come from daily sums: what was not counted yet is in the next ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import summing
from safety_service.actions.actor import Actor
from safety_service.actions.debrief_log import READERS, TOGETHER
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain import counting
from safety_service.domain.refusal import Refused
from safety_service.store import agencies, day_counts, day_sums, exclusions, teams
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff

LONGEST = timedelta(days=3660)
#: In a team of fewer, small numbers are said as such: everybody there would know whose they are.
MANY = 5


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both of them counted; `team_id`: of one team only."""

    since: date
    until: date
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TeamFigures:
    """`weeks`: by the Monday of each week that there is; `by_team`: of each team that can have figures of its own."""

    period: Period
    teams: Mapping[UUID, str]
    #: Too few people go on visits in these for any figure of their own.
    alone: frozenset[UUID]
    #: The figures are of enough people to be given; and of few enough for small numbers to be said as such.
    given: bool
    few: bool
    #: The teams of so few.
    small: frozenset[UUID]
    total: Counter[str]
    weeks: Mapping[date, Counter[str]]
    by_team: Mapping[UUID, Counter[str]]
    unfinished: int
    waiting: int
    counted_until: datetime | None
    zone: ZoneInfo

    def hides(self, number: int, team_id: UUID | None = None) -> bool:
        """Whether so small a number of so few people would be somebody's: it is not said, and leads nowhere."""
        few = self.few if team_id is None else self.few or team_id in self.small
        return few and 0 < number < MANY


@dataclass(frozen=True, slots=True)
class Scope:
    """The teams that are asked about, what the reader is kept off, and the moments between which."""

    teams: frozenset[UUID]
    kept_off: KeptOff
    zone: ZoneInfo
    since: datetime
    until: datetime


async def figures(tx: Tx, actor: Actor, period: Period) -> TeamFigures:
    """Read them; that they were read is kept. Raises NotFound; Refused `managers_only`, `period_wanted`."""
    scope = await scope_of(tx, actor, period)
    people = await day_sums.visiting(tx, scope.teams)
    named = {each.id: each.name for each in (await teams.many(tx, actor.teams(*READERS))).values()}
    everyone = frozenset().union(*people.values())
    gone = await _kept_from(tx, scope)
    weeks = await _weeks(tx, scope, period, gone)
    soon = tx.now - counting.SOON
    await keep(tx, actor, actor.agency_id, "read", subject="figures", subject_id=None, **_asked(period))
    return TeamFigures(
        period=period,
        teams=named,
        alone=frozenset(each for each, there in people.items() if len(there) < TOGETHER),
        given=len(everyone) >= TOGETHER,
        few=len(everyone) < MANY,
        small=frozenset(each for each, there in people.items() if len(there) < MANY),
        total=sum(weeks.values(), Counter()),
        weeks=weeks,
        by_team=await _by_team(tx, scope, period, gone),
        unfinished=await day_counts.unfinished(tx, scope.teams, soon, scope.kept_off),
        waiting=await day_counts.waiting(tx, scope.teams, scope.kept_off),
        counted_until=await summing.counted_until(tx),
        zone=scope.zone,
    )


async def people_in(tx: Tx, actor: Actor) -> dict[UUID, int]:
    """How many go on visits in each team that the actor reads: what decides whether a figure of it can be given."""
    return {team_id: len(there) for team_id, there in (await day_sums.visiting(tx, actor.teams(*READERS))).items()}


async def scope_of(tx: Tx, actor: Actor, period: Period) -> Scope:
    """What the actor may read of this. Raises NotFound; Refused `managers_only`, `period_wanted`."""
    theirs = actor.teams(*READERS)
    if not theirs:
        raise Refused("managers_only")
    if period.team_id is not None and period.team_id not in theirs:
        raise NotFound
    if not timedelta(0) <= period.until - period.since <= LONGEST or period.until == date.max:
        raise Refused("period_wanted")
    zone = ZoneInfo((await agencies.get(tx, actor.agency_id)).timezone)
    return Scope(
        teams=theirs if period.team_id is None else frozenset({period.team_id}),
        kept_off=await exclusions.of_person(tx, actor.person_id),
        zone=zone,
        since=datetime.combine(period.since, time(), zone),
        until=datetime.combine(period.until + timedelta(days=1), time(), zone),
    )


def monday(on: date) -> date:
    """The first day of this day's week."""
    return on - timedelta(days=on.weekday())


async def _kept_from(tx: Tx, scope: Scope) -> Counter[tuple[UUID, datetime, str]]:
    """What is in the sums and is nothing for this reader."""
    if not scope.kept_off.families and not scope.kept_off.workers:
        return Counter()
    return await summing.count(tx, scope.teams, scope.since, scope.until, scope.kept_off)


async def _weeks(
    tx: Tx, scope: Scope, period: Period, gone: Counter[tuple[UUID, datetime, str]]
) -> dict[date, Counter[str]]:
    first, last = monday(period.since), monday(period.until)
    found: dict[date, Counter[str]] = {
        first + timedelta(weeks=number): Counter() for number in range((last - first).days // 7 + 1)
    }
    for week, figure, count in await day_sums.by_week(tx, *_days(scope.teams, period)):
        found[week][figure] += count
    for (_, at, figure), count in gone.items():
        found[monday(at.astimezone(scope.zone).date())][figure] -= count
    return {week: +counts for week, counts in found.items()}


async def _by_team(
    tx: Tx, scope: Scope, period: Period, gone: Counter[tuple[UUID, datetime, str]]
) -> dict[UUID, Counter[str]]:
    found: dict[UUID, Counter[str]] = {each: Counter() for each in scope.teams}
    for team_id, figure, count in await day_sums.by_team(tx, *_days(scope.teams, period)):
        found[team_id][figure] += count
    for (team_id, _, figure), count in gone.items():
        found[team_id][figure] -= count
    return {team_id: +counts for team_id, counts in found.items()}


def _days(wanted: Collection[UUID], period: Period) -> tuple[Collection[UUID], date, date]:
    return wanted, period.since, period.until + timedelta(days=1)


def _asked(period: Period) -> dict[str, str]:
    team = {} if period.team_id is None else {"team": str(period.team_id)}
    return {"period": f"{period.since} to {period.until}", **team}
