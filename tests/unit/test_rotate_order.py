"""Whatever the order in somebody's file: a key that was replaced never seals again, and stops no watch."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import LargeBinary, select, type_coerce, update

from safety_service.actions import key_rotation
from safety_service.domain.refusal import Refused
from safety_service.processes.present import come_in
from safety_service.store import key_notes, migrate, presence, sealing
from safety_service.store.database import Database
from safety_service.store.sealing import KeyRing, new_key
from safety_service.store.tables.people import person
from safety_service.store.tables.system import secret
from tests.lived import live
from tests.services.template import TEST_KEY
from tests.unit.test_rotate import BOTH, NAME, NEW, OLD
from tests.world import World

OLD_ORDER = KeyRing([TEST_KEY, NEW])


@pytest.fixture
async def lived(world: World) -> World:
    """Sealed with the old key; from now on the new one is in front."""
    await live(world)
    sealing.use(BOTH)
    return world


async def rename(database: Database, world: World, name: str) -> None:
    """What a command writes."""
    async with database.transaction() as tx:
        await tx.conn.execute(update(person).where(person.c.id == world.ids["Ann"]).values(name=name))


async def sealed_by(world: World) -> str | None:
    """The key under which that name stands."""
    async with world.database.reading() as tx:
        name = select(type_coerce(person.c.name, LargeBinary)).where(person.c.id == world.ids["Ann"])
        return sealing.ring().sealed_by((await tx.conn.execute(name)).scalar_one())


async def noted(world: World) -> set[str]:
    async with world.database.reading() as tx:
        return await key_notes.noted(tx)


async def test_who_begins_with_the_old_order_seals_with_the_new_key(lived: World, database_url: str) -> None:
    await key_rotation.rotate(lived.database)
    sealing.use(OLD_ORDER)
    await migrate.upgrade(database_url)
    assert await noted(lived) == {NAME}, "a service that starts brings nothing back"
    sealing.use(OLD_ORDER)
    opened = await Database.open(database_url, clock=lived.clock)
    await rename(opened, lived, "Ann Field")
    await opened.close()
    assert sealing.ring().names == (NAME, OLD) and sealing.ring().places == {OLD: 1, NAME: 2}
    assert await sealed_by(lived) == NAME, "the old key may go, and the name is still read"


async def test_until_it_has_begun_both_orders_may_run(lived: World, database_url: str) -> None:
    await migrate.upgrade(database_url)
    for ring in (OLD_ORDER, BOTH):
        sealing.use(ring)
        opened = await Database.open(database_url, unseen=True)
        await rename(opened, lived, "Ann Field")
        await opened.close()
        assert await sealed_by(lived) == ring.names[0]
    assert await noted(lived) == {OLD, NAME}


async def test_a_command_that_began_before_it_seals_with_the_new_key_after_it(lived: World, database_url: str) -> None:
    sealing.use(OLD_ORDER)
    command = await Database.open(database_url, unseen=True)
    sealing.use(BOTH)
    await key_rotation.rotate(lived.database)
    sealing.use(OLD_ORDER)
    await rename(command, lived, "Ann Field")
    await command.close()
    assert await sealed_by(lived) == NAME


async def test_a_command_that_is_writing_is_waited_for_and_gone_through(lived: World, database_url: str) -> None:
    sealing.use(OLD_ORDER)
    command = await Database.open(database_url, unseen=True)
    async with command.transaction() as tx:
        await tx.conn.execute(update(person).where(person.c.id == lived.ids["Ann"]).values(name="Ann Field"))
        sealing.use(BOTH)
        rotating = asyncio.create_task(key_rotation.rotate(lived.database))
        await asyncio.sleep(0.3)
        assert not rotating.done()
    assert (await rotating).free == [OLD]
    await command.close()
    assert await sealed_by(lived) == NAME


async def test_a_key_that_a_command_uses_first_is_noted(lived: World, database_url: str) -> None:
    opened = await Database.open(database_url, unseen=True)
    await rename(opened, lived, "Ann Field")
    await opened.close()
    assert await noted(lived) == {OLD, NAME}, "nothing starts without it, and it is never called needless"


async def test_a_process_is_seen_before_it_does_anything_and_stops_a_rotation(lived: World) -> None:
    sealing.use(OLD_ORDER)
    await come_in(lived.database, ["bot"], "one:1:a")
    sealing.use(BOTH)
    with pytest.raises(Refused, match="seals_otherwise"):
        await key_rotation.rotate(lived.database)
    assert await noted(lived) == {OLD}


async def test_a_process_that_stood_still_all_the_while_seals_with_the_new_key_and_its_own_is_kept(
    lived: World,
) -> None:
    await key_rotation.rotate(lived.database)
    sealing.use(OLD_ORDER)
    await rename(lived.database, lived, "Ann Field")  # it goes on where it stood
    async with lived.database.transaction() as tx:
        await presence.here(tx, ["bot"], "one:1:a")
        assert [each.keys for each in await presence.seen(tx)] == [(NAME, OLD)]
    assert await noted(lived) == {OLD, NAME}, "what it sealed meanwhile is needed"
    assert (await key_rotation.rotate(lived.database)).free == [OLD]
    assert await sealed_by(lived) == NAME


async def test_one_that_has_not_got_the_new_key_keeps_the_note_of_its_own(lived: World) -> None:
    await key_rotation.rotate(lived.database)
    sealing.use(KeyRing([TEST_KEY]))
    async with lived.database.transaction() as tx:
        await presence.here(tx, ["bot"], "one:1:a")
    assert await noted(lived) == {OLD, NAME}


async def test_a_new_key_that_seals_nothing_yet_is_never_called_needless(lived: World) -> None:
    sealing.use(OLD_ORDER)
    done = await key_rotation.rotate(lived.database)
    assert (done.free, done.resealed.total()) == ([], 0)
    sealing.use(BOTH)
    assert (await key_rotation.rotate(lived.database)).free == [OLD], "nor does having tried stop the real one"


async def test_with_the_old_order_nothing_is_turned_back_once_the_new_key_is_used(
    lived: World, database_url: str
) -> None:
    await migrate.upgrade(database_url)  # on another machine, with the new order
    sealing.use(OLD_ORDER)
    with pytest.raises(Refused, match="newer_key"):
        await key_rotation.rotate(lived.database)
    assert await noted(lived) == {OLD, NAME}


async def test_the_next_key_replaces_the_one_before_it(lived: World, database_url: str) -> None:
    await key_rotation.rotate(lived.database)
    next_key = new_key()
    three = KeyRing([next_key, NEW, TEST_KEY])
    sealing.use(three)
    await migrate.upgrade(database_url)
    assert sealing.ring().names[0] == three.names[0], "what is new is not put back behind"
    assert (await key_rotation.rotate(lived.database)).free == [NAME, OLD]
    sealing.use(KeyRing([TEST_KEY, NEW, next_key]))
    await (await Database.open(database_url)).close()
    assert sealing.ring().names[0] == three.names[0]


async def test_a_database_that_never_said_which_key_seals_says_so_from_now_on(lived: World, database_url: str) -> None:
    async with lived.database.transaction() as tx:
        await tx.conn.execute(secret.delete().where(secret.c.name == key_notes.SEALS))
    await migrate.upgrade(database_url)
    async with lived.database.reading() as tx:
        assert await key_notes.decided(tx) == key_notes.Seals(NAME, frozenset({OLD}))
    assert (await key_rotation.rotate(lived.database)).free == [OLD]
