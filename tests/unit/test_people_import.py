"""Bringing people in, on both databases: all of it or nothing, and the second time nothing changes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from safety_service.actions import people_csv
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.people_csv import BadPeopleFile
from safety_service.actions.people_import import Imported, import_people
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import agencies, people, teams, training
from safety_service.store.database import Database
from safety_service.store.people import Person
from safety_service.store.tables.people import agency, person, team

HEADER = "agency,team,name,email,phone,roles,supervisor_email,training\n"
ANN = "Elmshire,North,Ann Lee,ann@example.org,07700 900101,practitioner,mia@example.org,lone_working:2026-03-01\n"
MIA = "Elmshire,North,Mia Holt,mia@example.org,07700 900102,manager;practitioner,,\n"
MIA_SOUTH = "Elmshire,South,Mia Holt,mia@example.org,,manager,,\n"


async def bring(database: Database, *rows: str, by: Actor | None = None, bring_back: bool = False) -> Imported:
    async with database.transaction() as tx:
        return await import_people(tx, by, people_csv.read(HEADER + "".join(rows)), bring_back=bring_back)


async def known(database: Database) -> dict[str, Person]:
    async with database.reading() as tx:
        return {each.name: each for each in await people.every(tx)}


def names(persons: Iterable[Person]) -> list[str]:
    return sorted(each.name for each in persons)


async def test_a_file_makes_agencies_teams_and_people_with_a_supervisor_who_comes_later_in_it(
    database: Database,
) -> None:
    done = await bring(database, ANN, MIA, MIA_SOUTH)
    assert (done.agencies, done.teams) == (["Elmshire"], ["North", "South"])
    assert names(done.added.values()) == ["Ann Lee", "Mia Holt"]
    found = await known(database)
    assert found["Ann Lee"].supervisor_id == found["Mia Holt"].id
    assert (found["Ann Lee"].phone, found["Ann Lee"].email) == ("07700900101", "ann@example.org")
    async with database.reading() as tx:
        in_teams = {each.name: each.id for each in await teams.every(tx)}
        assert await training.of(tx, found["Ann Lee"].id) == {"lone_working": date(2026, 3, 1)}
    assert found["Mia Holt"].roles == {
        in_teams["North"]: {Role.MANAGER, Role.PRACTITIONER},
        in_teams["South"]: {Role.MANAGER},
    }


async def test_the_second_time_nothing_changes(database: Database) -> None:
    await bring(database, ANN, MIA, MIA_SOUTH)
    before = await known(database)
    done = await bring(database, ANN, MIA, MIA_SOUTH)
    assert done.nothing
    assert names(done.unchanged.values()) == ["Ann Lee", "Mia Holt"]
    assert await known(database) == before


async def test_a_person_is_known_by_their_address_whatever_its_case(database: Database) -> None:
    await bring(database, ANN, MIA)
    done = await bring(database, ANN.replace("ann@", "ANN@").replace("Ann Lee", "Ann Lee-Park"))
    assert names(done.changed.values()) == ["Ann Lee-Park"]
    assert sorted(await known(database)) == ["Ann Lee-Park", "Mia Holt"]


async def test_an_empty_cell_never_wipes_what_is_known(database: Database) -> None:
    await bring(database, ANN, MIA)
    assert (await bring(database, "Elmshire,North,Ann Lee,ann@example.org,,practitioner,,\n")).nothing
    ann = (await known(database))["Ann Lee"]
    assert ann.phone == "07700900101" and ann.supervisor_id is not None


async def test_roles_are_those_of_the_file_and_no_others(database: Database) -> None:
    await bring(database, MIA)
    done = await bring(database, MIA.replace("manager;practitioner", "reviewer"))
    assert next(iter(done.changed.values())).has(Role.REVIEWER)
    mia = (await known(database))["Mia Holt"]
    assert set(mia.roles.values()) == {frozenset({Role.REVIEWER})}


async def test_the_same_address_in_two_agencies_is_two_people(database: Database) -> None:
    done = await bring(database, MIA, MIA.replace("Elmshire", "Oakshire"))
    assert len(done.added) == 2


async def test_nothing_is_half_imported(database: Database) -> None:
    bad = "Oakshire,West,Zoe,zoe@example.org,,practitioner,nobody@example.org,\n"
    with pytest.raises(BadPeopleFile) as caught:
        await bring(database, MIA, bad)
    assert caught.value.faults == (
        "line 3: supervisor_email 'nobody@example.org' is nobody in this file or in Oakshire",
    )
    async with database.reading() as tx:
        for table in (agency, team, person):
            assert (await tx.conn.execute(select(func.count()).select_from(table))).scalar_one() == 0


async def test_a_supervisor_may_be_known_already(database: Database) -> None:
    await bring(database, MIA)
    await bring(database, ANN)
    found = await known(database)
    assert found["Ann Lee"].supervisor_id == found["Mia Holt"].id


async def test_a_deactivated_person_stays_so_unless_they_are_brought_back_on_purpose(database: Database) -> None:
    await bring(database, MIA)
    async with database.transaction() as tx:
        mia = (await people.find(tx, None, "mia holt"))[0]
        await people.save(tx, replace(mia, active=False))
    done = await bring(database, MIA)
    assert done.nothing and done.notes == ["line 2: mia@example.org was deactivated, and stays so"]
    assert names((await bring(database, MIA, bring_back=True)).changed.values()) == ["Mia Holt"]
    assert (await known(database))["Mia Holt"].active


async def test_an_administrator_brings_in_people_of_their_own_agency_only(database: Database) -> None:
    async with database.transaction() as tx:
        elmshire = await agencies.add(tx, "Elmshire")
        await agencies.add(tx, "Oakshire")
        north = await teams.add(tx, elmshire.id, "North")
    adam = Actor(uuid4(), elmshire.id, "Adam", {north.id: frozenset({Role.ADMINISTRATOR})}, "web")
    ben = Actor(uuid4(), elmshire.id, "Ben", {north.id: frozenset({Role.MANAGER})}, "web")
    with pytest.raises(NotFound):
        await bring(database, MIA.replace("Elmshire", "Oakshire"), by=adam)
    with pytest.raises(Refused, match="only_on_the_machine"):
        await bring(database, MIA.replace("Elmshire", "Ashshire"), by=adam)
    with pytest.raises(Refused, match="administrators_only"):
        await bring(database, MIA, by=ben)
    assert await known(database) == {}
