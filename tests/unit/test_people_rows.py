"""People in the store: found by e-mail, by name, by part of it; sealed; who is gone counts no more."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from safety_service.actions.actor import load_actor
from safety_service.actions.errors import NotFound
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, exclusions, families, people, standing, teams
from safety_service.store.database import Database, Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Person


async def elmshire(tx: Tx) -> UUID:
    return (await agencies.add(tx, "Elmshire")).id


async def add(tx: Tx, agency_id: UUID, name: str) -> Person:
    first = name.partition(" ")[0].lower()
    return await people.add(tx, agency_id, name, email=f"{first}@example.org", phone="07700900101")


async def test_people_are_found_by_address_then_by_whole_name_then_by_part_of_it(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        ann, anna = await add(tx, agency_id, "Ann Lee"), await add(tx, agency_id, "Anna Lee Park")

        async def found(words: str) -> list[str]:
            return [each.name for each in await people.find(tx, agency_id, words)]

        assert await found("ANN@example.org") == ["Ann Lee"]
        assert await found(" ann  lee") == ["Ann Lee"]
        assert await found("lee") == ["Ann Lee", "Anna Lee Park"]
        assert await found("bob") == await found(" ") == []
        assert await people.find(tx, uuid4(), "lee") == []
        await people.save(tx, replace(ann, active=False))
        assert await found("lee") == [each.name for each in await people.find(tx, None, "lee")] == [anna.name]


async def test_what_identifies_people_is_sealed_in_the_database(database: Database) -> None:
    async with database.transaction() as tx:
        await add(tx, await elmshire(tx), "Ann Lee")
        row = (await tx.conn.execute(text("SELECT * FROM person"))).one()
    kept = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    for secret in (b"Ann", b"Lee", b"example.org", b"900101"):
        assert secret not in kept


async def test_two_people_of_an_agency_cannot_have_one_address(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        await add(tx, agency_id, "Ann Lee")
        with pytest.raises(Exception, match=r"(?i)unique"):
            async with tx.savepoint():
                await add(tx, agency_id, "Ann Other")


async def test_roles_are_by_team_and_replaced_whole(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        ann = await add(tx, agency_id, "Ann Lee")
        north, south = await teams.add(tx, agency_id, "North"), await teams.add(tx, agency_id, "South")
        await people.set_roles(tx, ann.id, north.id, frozenset({Role.PRACTITIONER, Role.MANAGER}))
        await people.set_roles(tx, ann.id, south.id, frozenset({Role.REVIEWER}))
        await people.set_roles(tx, ann.id, north.id, frozenset({Role.MANAGER}))
        found = await people.get(tx, ann.id)
        assert found.roles == {north.id: {Role.MANAGER}, south.id: {Role.REVIEWER}}
        assert found.has(Role.REVIEWER) and not found.has(Role.REVIEWER, north.id)
        assert [each.name for each in await people.in_team(tx, north.id)] == ["Ann Lee"]


async def test_who_is_not_there_is_said_so(database: Database) -> None:
    async with database.transaction() as tx:
        for get in (people.get, agencies.get, agencies.of_person, teams.get):
            with pytest.raises(NoSuchRow):
                await get(tx, uuid4())
        assert await people.many(tx, [uuid4()]) == {}
        with pytest.raises(NotFound):
            await load_actor(tx, uuid4(), "web")


async def test_a_deactivated_person_cannot_act_and_is_on_no_list(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        ann, ben = await add(tx, agency_id, "Ann Lee"), await add(tx, agency_id, "Ben")
        await standing.add(tx, agency_id, ann.id)
        await standing.add(tx, agency_id, ben.id)
        await people.save(tx, replace(ann, active=False))
        assert await standing.of(tx, agency_id) == {ben.id}
        with pytest.raises(NotFound):
            await load_actor(tx, ann.id, "web")
        await standing.remove(tx, agency_id, ben.id)
        assert await standing.of(tx, agency_id) == frozenset()


async def test_an_address_belongs_to_one_person_until_its_channel_ends(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        ann, ben = await add(tx, agency_id, "Ann Lee"), await add(tx, agency_id, "Ben")
        first = await channels.link(tx, ann.id, "telegram", "4711")
        assert await channels.by_address(tx, "telegram", "4711") == first
        assert await channels.by_address(tx, "webchat", "4711") is None
        with pytest.raises(Exception, match=r"(?i)unique"):
            async with tx.savepoint():
                await channels.link(tx, ben.id, "telegram", "4711")
        await channels.end(tx, first.id)
        await channels.link(tx, ben.id, "telegram", "4711")
        assert await channels.live(tx, ann.id) == ()


async def test_a_blocked_channel_is_not_live_and_an_ended_one_never_comes_back(database: Database) -> None:
    async with database.transaction() as tx:
        ann = await add(tx, await elmshire(tx), "Ann Lee")
        way = await channels.link(tx, ann.id, "telegram", "4711")
        await channels.block(tx, way.id)
        assert await channels.live_many(tx, [ann.id]) == {}
        assert (found := await channels.by_address(tx, "telegram", "4711")) is not None and found.state == "blocked"
        await channels.unblock(tx, way.id)
        assert await channels.live(tx, ann.id) == (way,)
        await channels.end_all(tx, ann.id)
        await channels.unblock(tx, way.id)
        assert await channels.live(tx, ann.id) == ()


async def test_an_exclusion_holds_for_its_worker_or_its_family_until_it_ends(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        ann, mia = await add(tx, agency_id, "Ann Lee"), await add(tx, agency_id, "Mia Holt")
        family_id = await families.ensure(tx, agency_id, "K-1")
        of_worker = await exclusions.add(tx, agency_id, mia.id, worker_id=ann.id, reason="was married to", by=None)
        await exclusions.add(tx, agency_id, ann.id, family_id=family_id, reason="a cousin", by=None)
        assert await exclusions.excluded(tx, ann.id, None) == {mia.id}
        assert await exclusions.excluded(tx, None, family_id) == {ann.id}
        assert await exclusions.excluded(tx, ann.id, family_id) == {mia.id, ann.id}
        assert await exclusions.excluded(tx, mia.id, None) == await exclusions.excluded(tx, None, None) == frozenset()
        kept_off = await exclusions.of_person(tx, mia.id)
        assert kept_off.from_matter([ann.id], None) and not kept_off.from_matter([mia.id], family_id)
        assert await exclusions.end(tx, of_worker)
        assert not await exclusions.end(tx, of_worker)
        assert await exclusions.excluded(tx, ann.id, None) == frozenset()
        (left,) = await exclusions.every(tx, agency_id)
        assert await exclusions.reason_of(tx, left.id) == "a cousin"


async def test_alert_numbers_are_given_once_each(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        assert [await agencies.next_number(tx, agency_id) for _ in range(3)] == [1, 2, 3]


async def test_telegram_waits_for_the_assessment_unless_it_is_the_demonstration(database: Database) -> None:
    async with database.transaction() as tx:
        agency_id = await elmshire(tx)
        assert not (await agencies.get(tx, agency_id)).telegram_allowed
        await agencies.confirm(tx, agency_id, "Dr Data")
        confirmed = await agencies.get(tx, agency_id)
        assert confirmed.telegram_allowed and (confirmed.assessed_at, confirmed.assessed_by) == (tx.now, "Dr Data")
        assert (await agencies.add(tx, "Show", demonstration=True)).telegram_allowed
