"""The rota as it is looked at: a team's week, a shift, and what is missing before it happens."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import access, circle, waking
from safety_service.actions.actor import Actor
from safety_service.actions.duty import posts_of_policy
from safety_service.actions.errors import NotFound
from safety_service.domain import waking as wakes
from safety_service.domain.duty import Shift, in_turn
from safety_service.domain.gaps import Leave, Missing, Nights, doubled, missing
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import channels, exclusions, leave, offered, people, roles, rota, teams
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Person
from safety_service.store.teams import Team

#: How far ahead gaps are named on the first page.
AHEAD = timedelta(days=14)
#: A day that somebody asks for lies between these.
EARLIEST, LATEST = date(2, 1, 1), date(9998, 12, 31)
WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a rota holds between two moments, of one team or several."""

    shifts: Sequence[Shift]
    leaves: Sequence[Leave]
    people: Mapping[UUID, Person]
    #: Of whom the reader learns nothing: a shift of theirs is somebody's.
    hidden: frozenset[UUID]
    #: None: there is nothing that wakes anybody, so that every night would be a gap.
    nights: Nights | None
    posts: frozenset[str]

    def of(self, team_id: UUID) -> list[Shift]:
        """The shifts of one team."""
        return [each for each in self.shifts if each.team_id == team_id]

    def missing(self, team_id: UUID, starts_at: datetime, ends_at: datetime) -> list[Missing]:
        """What is missing of one team, the earliest first: also a second person, where one is on two posts."""
        mine = self.of(team_id)
        posts = self.posts | {each.post for each in mine}
        found = missing(mine, self.leaves, self.nights, posts, starts_at, ends_at)
        found += doubled(mine, self.leaves, in_turn(self.posts), starts_at, ends_at)
        return sorted(found, key=lambda each: (each.starts_at, each.post))


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A team's week from a Monday on. `missing`: from now on; `offers`: asked, and not taken yet."""

    team: Team
    monday: date
    zone: ZoneInfo
    outlook: Outlook
    missing: Sequence[Missing]
    offers: Sequence[Shift]
    #: When it was looked at.
    now: datetime

    @property
    def posts(self) -> list[str]:
        """Every post of the week: those that a ladder calls on first."""
        of_ladders = self.outlook.posts
        others = {each.post for each in self.outlook.shifts} - of_ladders
        return [*in_turn(of_ladders), *sorted(others)]

    def day(self, number: int) -> tuple[datetime, datetime]:
        """When a day of it begins and ends, where the agency works."""
        return midnight(self.monday + timedelta(days=number), self.zone), midnight(
            self.monday + timedelta(days=number + 1), self.zone
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneShift:
    """A shift, and what would be missing without it."""

    shift: Shift
    team: Team
    people: Mapping[UUID, Person]
    without: Sequence[Missing]


def within_reach(day: date) -> date:
    """The day, or the nearest that has whole weeks before and after it: a calendar has ends, and clocks are shifted."""
    return min(max(day, EARLIEST), LATEST)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


async def runs(tx: Tx, by: Actor) -> list[Team]:
    """The teams whose rota the actor runs, by name. Raises NotFound: none."""
    if by.is_any(Role.ADMINISTRATOR):
        found = await teams.every(tx, by.agency_id)
    else:
        found = list((await teams.many(tx, by.teams(Role.MANAGER))).values())
    if not found:
        raise NotFound
    return found


async def ahead(tx: Tx, by: Actor) -> tuple[list[tuple[Team, list[Missing]]], Outlook]:
    """For each of those teams what is missing in the days to come. Raises NotFound."""
    mine = await runs(tx, by)
    until = tx.now + AHEAD
    found = await outlook(tx, by, [each.id for each in mine], tx.now, until)
    return [(each, found.missing(each.id, tx.now, until)) for each in mine], found


async def week(tx: Tx, by: Actor, team_id: UUID, day: date) -> Week:
    """The team's week in which this day lies. Raises NotFound; Refused `managers_only`."""
    team = await team_of(tx, by, team_id)
    zone = await circle.zone_of(tx, team.agency_id)
    day = within_reach(day)
    monday = day - timedelta(days=day.weekday())
    starts_at, ends_at = midnight(monday, zone), midnight(monday + timedelta(days=WEEK), zone)
    asked = await offered.of(tx, max(starts_at, tx.now), ends_at, teams=[team_id])
    named = {each.person_id for each in asked}
    found = await outlook(tx, by, [team_id], starts_at, ends_at, also=named)
    since = max(starts_at, tx.now)
    return Week(
        team=team,
        monday=monday,
        zone=zone,
        outlook=found,
        missing=found.missing(team_id, since, ends_at) if since < ends_at else [],
        offers=asked,
        now=tx.now,
    )


async def one(tx: Tx, by: Actor, shift_id: UUID) -> OneShift:
    """A shift that has not ended, and what would be missing without it. Raises NotFound; Refused `managers_only`."""
    shift = await rota.get(tx, shift_id)
    if shift is None or shift.ends_at <= tx.now:
        raise NotFound
    team = await team_of(tx, by, shift.team_id)
    starts_at = max(shift.starts_at, tx.now)
    found = await outlook(tx, by, [team.id], starts_at, shift.ends_at)
    if not found.hidden.isdisjoint({shift.person_id, shift.covers_id}):
        raise NotFound
    others = [each for each in found.shifts if each.id != shift_id]
    without = missing(others, found.leaves, found.nights, [shift.post], starts_at, shift.ends_at)
    now = found.missing(team.id, starts_at, shift.ends_at)
    return OneShift(shift=shift, team=team, people=found.people, without=[each for each in without if each not in now])


async def outlook(
    tx: Tx, by: Actor, team_ids: Collection[UUID], starts_at: datetime, ends_at: datetime, also: Iterable[UUID] = ()
) -> Outlook:
    """All that is needed to say what is missing; `also`: people whose names are wanted besides."""
    shifts = await rota.between(tx, team_ids, starts_at, ends_at)
    on = {each.person_id for each in shifts}
    named = on | {each.covers_id for each in shifts if each.covers_id} | set(also)
    rules = await waking.rules_of(tx, by.agency_id)
    ways = await channels.live_many(tx, on)
    awake = frozenset(each for each, theirs in ways.items() if wakes.can_be_woken(theirs, rules, tx.now))
    return Outlook(
        shifts=shifts,
        leaves=await leave.of_people(tx, on, starts_at, ends_at),
        people=await people.many(tx, named),
        hidden=(await exclusions.of_person(tx, by.person_id)).workers,
        nights=Nights(hours=rules.hours, zone=rules.zone, awake=awake) if rules.waking else None,
        posts=await posts_of_policy(tx),
    )


async def who_can(tx: Tx, by: Actor, team_id: UUID) -> list[Person]:
    """Who may be put on a post of this team: managers, its own first; nobody of whom the actor learns nothing."""
    team = await team_of(tx, by, team_id)
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    ids = await managers_of(tx, team.agency_id) - hidden
    found = (await people.many(tx, ids)).values()
    return sorted(found, key=lambda each: (not each.has(Role.MANAGER, team_id), each.name.casefold()))


def nobody_chosen() -> Refused:
    """What is said to whoever has chosen nobody."""
    return Refused("worker_wanted")


async def managers_of(tx: Tx, agency_id: UUID) -> frozenset[UUID]:
    """Everybody who manages a team of this agency."""
    return await roles.with_role(tx, Role.MANAGER, agency_id=agency_id)


async def team_of(tx: Tx, by: Actor, team_id: UUID) -> Team:
    """A team whose rota the actor runs. Raises NotFound; Refused `managers_only`."""
    try:
        team = await teams.get(tx, team_id)
    except NoSuchRow:
        raise NotFound from None
    access.may_run_rota(by, team.agency_id, team.id)
    return team
