"""Who there is: agencies, teams, people with roles, duty with holes in it, families, and who is kept off whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from safety_service.domain.phrases import Phrases
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, exclusions, families, people, phrases, rota, standing, teams
from safety_service.store.database import Tx

POSTS = ("manager_on_duty", "deputy_on_duty")
#: Everybody's own words: nobody here looks over anybody's shoulder.
OWN, DURESS, DECOYS = "orchard", "lantern", ("pebble", "harbour")
AGENCIES = 2
TEAMS = 2
MANAGERS = 3
FAMILIES = 40


@dataclass(frozen=True, slots=True)
class Team:
    """A team of an agency."""

    id: UUID
    agency_id: UUID
    workers: tuple[UUID, ...]
    managers: tuple[UUID, ...]


@dataclass
class Town:
    """Everybody, by id; what is here is what the simulation knows, not what the service says."""

    teams: list[Team] = field(default_factory=list)
    names: dict[UUID, str] = field(default_factory=dict)
    team_of: dict[UUID, Team] = field(default_factory=dict)
    administrators: dict[UUID, UUID] = field(default_factory=dict)
    standing: dict[UUID, set[UUID]] = field(default_factory=dict)
    families: dict[UUID, list[str]] = field(default_factory=dict)
    #: Kept off a worker.
    kept_off: set[tuple[UUID, UUID]] = field(default_factory=set)
    gone: set[UUID] = field(default_factory=set)

    @property
    def workers(self) -> list[UUID]:
        """Everybody who goes out."""
        return [each for team in self.teams for each in team.workers]

    def name(self, person_id: UUID | None) -> str:
        """What somebody is called in the story."""
        return "nobody" if person_id is None else self.names.get(person_id, "somebody")


async def build(tx: Tx, size: int, hours: float, risks: tuple[float, float], dice: Random) -> Town:
    """A town with about so many workers, for so many hours from now. `risks`: families at high, and at least medium."""
    town = Town()
    each_team = max(1, round(size / (AGENCIES * TEAMS)))
    for number in range(AGENCIES):
        agency = await agencies.add(tx, f"Agency {number}", office_phone="01632 960000", demonstration=True)
        town.families[agency.id] = [await _family(tx, agency.id, each, risks, dice) for each in range(FAMILIES)]
        for which in range(TEAMS):
            await _team(tx, town, agency.id, f"{number}{which}", each_team, hours, dice)
        await _standing(tx, town, agency.id)
        adam = await _person(tx, town, agency.id, f"administrator-{number}")
        first = next(each for each in town.teams if each.agency_id == agency.id)
        await people.set_roles(tx, adam, first.id, frozenset({Role.ADMINISTRATOR}))
        town.administrators[agency.id] = adam
    return town


async def _team(tx: Tx, town: Town, agency_id: UUID, name: str, size: int, hours: float, dice: Random) -> None:  # noqa: PLR0917
    kept = await teams.add(tx, agency_id, f"Team {name}")
    managers = [await _person(tx, town, agency_id, f"manager-{name}-{each}", sms=True) for each in range(MANAGERS)]
    workers = [await _person(tx, town, agency_id, f"worker-{name}-{each}") for each in range(size)]
    for each in managers:
        await people.set_roles(tx, each, kept.id, frozenset({Role.MANAGER}))
    for each in workers:
        if dice.random() < 0.8:
            await phrases.put(tx, each, Phrases(own=OWN, duress=DURESS, decoys=DECOYS))
        await people.set_roles(tx, each, kept.id, frozenset({Role.PRACTITIONER}))
    team = Team(kept.id, agency_id, tuple(workers), tuple(managers))
    town.teams.append(team)
    town.team_of.update(dict.fromkeys((*workers, *managers), team))
    await _rota(tx, team, tx.now - timedelta(hours=1), tx.now + timedelta(hours=hours + 3), dice)
    for worker in workers:
        if dice.random() < 0.1:
            manager = dice.choice(managers)
            await exclusions.add(tx, agency_id, manager, worker_id=worker, reason="related", by=None)
            town.kept_off.add((manager, worker))


async def _rota(tx: Tx, team: Team, start: datetime, end: datetime, dice: Random) -> None:
    """Shifts of some hours; now and then nobody is on a post."""
    for post in POSTS:
        at = start
        while at < end:
            until = min(at + timedelta(hours=dice.uniform(1.5, 5)), end)
            if dice.random() > 0.12:
                await rota.add(tx, rota.new_shift(team.id, post, dice.choice(team.managers), at, until), by=None)
            at = until


async def _standing(tx: Tx, town: Town, agency_id: UUID) -> None:
    chosen = {team.managers[0] for team in town.teams if team.agency_id == agency_id}
    town.standing[agency_id] = chosen
    for each in sorted(chosen):
        await standing.add(tx, agency_id, each)


async def _family(tx: Tx, agency_id: UUID, number: int, risks: tuple[float, float], dice: Random) -> str:
    """Most are known and quiet; some are not."""
    ref = f"F-{number}"
    family_id = await families.ensure(tx, agency_id, ref)
    today, luck = tx.now.date(), dice.random()
    if luck < risks[0]:
        kind, on = "violence", today - timedelta(days=30)
    elif luck < risks[1]:
        kind, on = "dog", today - timedelta(days=30)
    else:
        kind, on = "confrontation", today - timedelta(days=400)
    await families.add_fact(tx, family_id, kind, on, source="import", by=None)
    return ref


async def _person(tx: Tx, town: Town, agency_id: UUID, name: str, *, sms: bool = False) -> UUID:
    person = await people.add(tx, agency_id, name, email=f"{name}@example.org", phone=f"07700 {len(town.names):06}")
    town.names[person.id] = name
    await channels.link(tx, person.id, "telegram", f"chat-{person.id}")
    if sms:
        await channels.link(tx, person.id, "sms", f"+44{len(town.names):08}")
    return person.id
