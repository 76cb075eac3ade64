"""Who asked to be rung stands on the board, to those who may ring them, for as long as nobody has."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select

from safety_service.actions import rings, words
from safety_service.actions.words import Word
from safety_service.domain.words import Role
from safety_service.store import exclusions
from safety_service.store.tables.alerts import ring
from tests.danger import agreed
from tests.unit.test_web_board_whole import Office, board, is_also
from tests.world import World

ASKED = "Ann wants to be rung"


@pytest.fixture
async def office(world: World) -> AsyncIterator[Office]:
    async with AsyncExitStack() as stack:
        yield Office(world, stack)


async def test_it_says_who_since_when_and_until_when_and_goes_when_somebody_has_rung(office: Office) -> None:
    world = office.world
    row = await world.inside("Ann")
    mia = await office.browser("Mia")
    assert "To be rung" not in await board(mia)
    await world.do("Ann", words.ring_me, row.id, Word())
    assert f"{ASKED} Since 09:00. Unanswered at 09:01, it becomes an alert." in await board(mia)
    assert "rung" not in await board(await office.browser("Ben")), "a colleague sees who is out, no more"
    async with world.database.reading() as tx:
        ring_id = (await tx.conn.execute(select(ring.c.id))).scalar_one()
    await world.do("Mia", rings.answer, ring_id, "spoke")
    assert "To be rung" not in await board(mia)


async def test_what_nobody_answered_is_an_alert_and_no_longer_asked(office: Office) -> None:
    world = office.world
    row = await world.inside("Ann")
    await world.do("Ann", words.ring_me, row.id, Word())
    await world.later(2)
    seen = await board(await office.browser("Mia"))
    assert "To be rung" not in seen and "Open alerts" in seen


async def test_who_asks_from_outside_of_a_visit_stands_there_too(office: Office) -> None:
    await office.world.do("Ann", words.ring_me, None, Word())
    assert ASKED in await board(await office.browser("Mia"))


@pytest.mark.parametrize("beside", ["watched", "out"])
async def test_whoever_is_beside_them_does_not_read_it(office: Office, beside: str) -> None:
    world = office.world
    await is_also(world, "Mia", Role.MANAGER, Role.PRACTITIONER)
    row = await world.inside("Ann", workers=(world.ids["Ann"], world.ids["Mia"]))
    await world.do("Ann", words.ring_me, row.id if beside == "watched" else None, Word())
    mia, dev = await office.browser("Mia"), await office.browser("Dev")
    for reader, sees in ((mia, False), (dev, True)):
        assert (ASKED in await board(reader, "?all=1")) is sees


async def test_nobody_is_told_to_ring_somebody_who_may_be_watched(office: Office) -> None:
    world = office.world
    await agreed(world)
    row = await world.inside("Ann")
    await world.do("Ann", words.ring_me, row.id, Word())
    await world.do("Ann", words.ok, row.id, Word(phrase="harbour"))
    seen = await board(await office.browser("Mia"))
    assert "Do not ring or text Ann" in seen and ASKED not in seen


@pytest.mark.parametrize("off", ["worker", "family"])
async def test_whoever_is_kept_off_them_does_not_read_it(office: Office, off: str) -> None:
    world = office.world
    row = await world.inside("Ann")
    await world.do("Ann", words.ring_me, row.id, Word())
    about = {"worker_id": world.ids["Ann"]} if off == "worker" else {"family_id": row.family_id}
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], reason="a sister", by=None, **about)
    assert ASKED not in await board(await office.browser("Mia"))
    assert ASKED in await board(await office.browser("Dev"))
