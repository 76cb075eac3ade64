"""People and teams as administrators look at them: everybody by name, and all that is kept about one of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from config.policy_learning import TrainingCode
from safety_service.actions import access, circle, waking
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain import waking as wakes
from safety_service.domain.duty import Shift
from safety_service.domain.words import Role
from safety_service.store import channels, directory, exclusions, people, roles, sessions, standing, teams, training
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.directory import Named
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Person
from safety_service.store.teams import Team

#: People on one page of the list.
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of people. `after`: behind whom the next page begins; `count`: how many there are in all.

    `under`: where the list goes by team, the one under which somebody stands; None is in no team.
    """

    rows: Sequence[tuple[Person, tuple[Channel, ...]]]
    teams: Sequence[Team]
    sizes: Mapping[UUID, int]
    count: int
    after: UUID | None
    under: Mapping[UUID, UUID | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A channel of somebody's. `counts`: it reaches them for all we know now."""

    channel: Channel
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A training that somebody had. `until`: it counts until then; None: for good, or nobody has said."""

    code: str
    says: str
    on: date
    until: date | None
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One person with all that those who run people need to know."""

    person: Person
    teams: Sequence[Team]
    supervisor: Person | None
    ways: Sequence[Way]
    can_be_woken: bool
    two_ways: bool
    signed_in: int
    shifts: Sequence[Shift]
    standing: bool
    trained: Sequence[Trained]
    codes: Mapping[str, TrainingCode]
    kept_off: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from for somebody: the teams, and who may supervise."""

    teams: Sequence[Team]
    managers: Sequence[Person]


async def choices(tx: Tx, by: Actor, now: UUID | None = None) -> Choices:
    """The agency's teams and its managers, by name; the actor only where they are it `now`: nobody names themselves.

    Raises Refused `administrators_only`.
    """
    access.may_run_people(by, by.agency_id)
    ids = await roles.with_role(tx, Role.MANAGER, agency_id=by.agency_id) - await _hidden(tx, by)
    ids -= {by.person_id} - {now}
    managers = sorted((await people.many(tx, ids)).values(), key=lambda each: each.name.casefold())
    return Choices(await teams.every(tx, by.agency_id), managers)


async def listed(
    tx: Tx, by: Actor, *, team_id: UUID | None = None, q: str = "", after: UUID | None = None, left: bool = False
) -> Listing:
    """People by name: of one team, or with this in their name or this e-mail address; else all of them, team by team.

    Names are sealed, and only what is in order is a list: team by team, a page opens those of its teams and no others.
    `left`: those who were deactivated instead. Whom the actor is kept off is not in it, nor counted. Raises NotFound,
    Refused `administrators_only`.
    """
    access.may_run_people(by, by.agency_id)
    known = await teams.every(tx, by.agency_id)
    if team_id is not None and team_id not in {each.id for each in known}:
        raise NotFound
    hidden = await _hidden(tx, by)
    if team_id is None and not q.strip():
        under = await _placed(tx, by, known, hidden, active=not left)
        further, count = await _of_groups(tx, under, known, after), len(under)
    else:
        named = await directory.names(tx, by.agency_id, team_id=team_id, active=not left)
        found = [each for each in await _looked_for(tx, by, named, q) if each.id not in hidden]
        under, further, count = {}, _behind(found, after), len(found)
    here = further[:PAGE]
    rows = await people.many(tx, [each.id for each in here])
    ways = await channels.live_many(tx, rows)
    return Listing(
        rows=[(rows[each.id], ways.get(each.id, ())) for each in here if each.id in rows],
        teams=known,
        sizes=await directory.sizes(tx, [each.id for each in known], hidden),
        count=count,
        after=here[-1].id if len(further) > PAGE else None,
        under=under,
    )


async def _placed(
    tx: Tx, by: Actor, known: Sequence[Team], hidden: Collection[UUID], *, active: bool
) -> dict[UUID, UUID | None]:
    """Everybody once, with the first of their teams."""
    order = {each.id: number for number, each in enumerate(known)}
    everybody = await directory.teams_of_each(tx, by.agency_id, active=active)
    theirs = {each: min(teams, key=order.__getitem__, default=None) for each, teams in everybody.items()}
    return {each: team_id for each, team_id in theirs.items() if each not in hidden}


async def _of_groups(
    tx: Tx, under: Mapping[UUID, UUID | None], known: Sequence[Team], after: UUID | None
) -> Sequence[Named]:
    """More than a page of them behind this person, or all that there are; no team's names are opened beyond that."""
    groups: dict[UUID | None, list[UUID]] = {each: [] for each in (*(team.id for team in known), None)}
    for person_id, team_id in under.items():
        groups[team_id].append(person_id)
    order = list(groups)
    found: list[Named] = []
    first = order.index(under[after]) if after is not None and after in under else 0
    for group in order[first:]:
        if groups[group] and len(found) <= PAGE:
            found += _behind(await directory.named(tx, groups[group]), after)
    return found


async def _looked_for(tx: Tx, by: Actor, named: Sequence[Named], q: str) -> list[Named]:
    wanted = " ".join(q.split()).casefold()
    if "@" in wanted:
        known = await people.by_email(tx, by.agency_id, wanted)
        return [each for each in named if known is not None and each.id == known.id]
    return [each for each in named if wanted in each.name.casefold()]


def _behind(found: Sequence[Named], after: UUID | None) -> Sequence[Named]:
    place = next((number for number, each in enumerate(found) if each.id == after), None)
    return found if place is None else found[place + 1 :]


async def person_of(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Somebody whom the actor runs: of their agency, active or not, and not one they are kept off.

    Raises NotFound; Refused `administrators_only`.
    """
    access.may_run_people(by, by.agency_id)
    try:
        person = await people.get(tx, person_id)
    except NoSuchRow:
        raise NotFound from None
    if person.agency_id != by.agency_id or person_id in await _hidden(tx, by):
        raise NotFound
    return person


async def named(tx: Tx, by: Actor, words: str) -> list[Person]:
    """Active people of the actor's agency who could be meant by this e-mail address, name, or part of a name."""
    access.may_run_people(by, by.agency_id)
    hidden = await _hidden(tx, by)
    return [each for each in await people.find(tx, by.agency_id, words.strip()) if each.id not in hidden]


async def file_of(tx: Tx, by: Actor, person_id: UUID) -> File:
    """All that is kept about one person who works or worked here. Raises NotFound, Refused."""
    person = await person_of(tx, by, person_id)
    hidden = await _hidden(tx, by)
    rules = await waking.rules_of(tx, by.agency_id)
    ways = await channels.of_person(tx, person_id)
    live = [each for each in ways if each.state == "active"]
    shown = {person.supervisor_id} - hidden - {None}
    supervisors = await people.many(tx, [each for each in shown if each is not None])
    codes = (await tx.policy()).training.codes
    return File(
        person=person,
        teams=await teams.every(tx, by.agency_id),
        supervisor=next(iter(supervisors.values()), None),
        ways=[Way(channel=each, counts=each in live and wakes.counts(each, rules, tx.now)) for each in ways],
        can_be_woken=wakes.can_be_woken(live, rules, tx.now),
        two_ways=wakes.has_two(live, rules, tx.now),
        signed_in=len(await sessions.of_person(tx, person_id)),
        shifts=await directory.shifts_of(tx, person_id, tx.now),
        standing=person_id in await standing.of(tx, by.agency_id),
        trained=await _trained(tx, by, person_id, codes),
        codes=codes,
        kept_off=await _kept_off(tx, by, person_id, hidden),
    )


async def _trained(tx: Tx, by: Actor, person_id: UUID, codes: Mapping[str, TrainingCode]) -> list[Trained]:
    today = await circle.today(tx, by.agency_id)
    found = []
    for code, on in sorted((await training.of(tx, person_id)).items()):
        known = codes.get(code)
        until = None if known is None or known.valid is None else on + known.valid
        says = code if known is None else known.says
        found.append(Trained(code=code, says=says, on=on, until=until, over=until is not None and until < today))
    return found


async def _kept_off(tx: Tx, by: Actor, person_id: UUID, hidden: Collection[UUID]) -> int:
    """How many exclusions of theirs the actor may know of: never those that keep the actor off."""
    if person_id == by.person_id:
        return 0
    rows = await exclusions.every(tx, by.agency_id)
    return sum(each.person_id == person_id and each.worker_id not in hidden for each in rows)


async def _hidden(tx: Tx, by: Actor) -> frozenset[UUID]:
    return (await exclusions.of_person(tx, by.person_id)).workers
