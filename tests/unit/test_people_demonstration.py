"""The demonstration team: only into an empty database, once, and always with somebody on duty."""

import re
from datetime import timedelta

from safety_service.actions import demonstration, planning
from safety_service.actions import rota as running
from safety_service.actions.actor import load_actor
from safety_service.actions.demonstration import DemoPerson
from safety_service.domain.words import Role
from safety_service.store import agencies, people, rota, standing, teams
from safety_service.store.clock import SetClock
from safety_service.store.database import Database


async def seed(database: Database) -> list[DemoPerson]:
    async with database.transaction() as tx:
        return await demonstration.seed(tx)


async def test_an_empty_database_gets_a_team_in_which_everybody_has_their_part(database: Database) -> None:
    team = await seed(database)
    assert [each.role for each in team] == [
        "practitioner",
        "practitioner",
        "manager",
        "deputy",
        "reviewer",
        "administrator",
    ]
    async with database.reading() as tx:
        (agency,) = await agencies.every(tx)
        assert agency.demonstration and agency.telegram_allowed
        (north,) = await teams.every(tx)
        everybody = {each.id: each for each in await people.in_team(tx, north.id)}
        assert set(everybody) == {each.person_id for each in team}
        on = await rota.on_duty(tx, north.id, tx.now)
        assert {post: [everybody[each].name for each in who] for post, who in on.items()} == {
            "manager_on_duty": ["Helen Marsh"],
            "deputy_on_duty": ["Tom Ridley"],
        }
        assert len(await standing.of(tx, agency.id)) == 2
        helen = next(each for each in everybody.values() if each.name == "Helen Marsh")
        workers = [each for each in everybody.values() if each.has(Role.PRACTITIONER)]
        assert {each.supervisor_id for each in workers} == {helen.id}


async def test_the_second_start_changes_nothing(database: Database) -> None:
    first = await seed(database)
    assert await seed(database) == first
    async with database.reading() as tx:
        assert len(await people.every(tx)) == len(first)
        (team,) = await teams.every(tx)
        assert len(await rota.between(tx, [team.id], tx.now, tx.now + timedelta(days=365))) == 2


async def test_somebody_is_on_duty_however_long_after_it_is_started_again(database: Database) -> None:
    await seed(database)
    assert isinstance(database.clock, SetClock)
    for days in (30, 7, 400):
        database.clock.move(timedelta(days=days))
        await seed(database)
        async with database.reading() as tx:
            (team,) = await teams.every(tx)
            assert (await running.coming(tx, None, team.id, days=27)).gaps == []


async def test_a_database_that_is_somebodys_own_is_left_alone(database: Database) -> None:
    async with database.transaction() as tx:
        await agencies.add(tx, "Elmshire")
    assert await seed(database) == []
    async with database.reading() as tx:
        assert await people.every(tx) == []


async def test_its_numbers_are_nobodys(database: Database) -> None:
    await seed(database)
    async with database.reading() as tx:
        numbers = [each.phone or "" for each in await people.every(tx)]
        (agency,) = await agencies.every(tx)
    for number in [*numbers, agency.office_phone.replace(" ", "")]:
        assert re.fullmatch(r"07700900\d{3}|01632960\d{3}", number)


async def test_there_is_a_family_to_plan_as_last_time(database: Database) -> None:
    sam = (await seed(database))[0]
    async with database.reading() as tx:
        row = await planning.last_of_family(tx, await load_actor(tx, sam.person_id, "web"), "k-204")
    assert row is not None and row.address["text"]
