"""Words, sweeps and what people do about alerts hold rows of one another's, and never wait in a circle."""

import asyncio
from copy import copy
from datetime import timedelta

import pytest
from sqlalchemy import text

from safety_service.actions import alerts as handling
from safety_service.actions import debriefs as telling
from safety_service.actions import rings as answering
from safety_service.actions import words
from safety_service.actions.telling import Priority, tell
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.store import alerts, debriefs, exclusions, rings, risk_facts, visits
from safety_service.store.database import Database, Tx
from tests.guidance.at_plans import HARD
from tests.world import World, build

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
async def world(database: Database) -> World:
    return await build(database)


async def somebody_waits(tx: Tx) -> None:
    while not (await tx.conn.execute(_WAITING)).scalar():
        await asyncio.sleep(0.01)


async def test_an_alert_that_climbs_does_not_wait_for_the_word_that_waits_for_the_alert(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    row = await world.inside()
    await world.later(41)
    alert = await world.alert()
    async with world.database.transaction() as sweep, asyncio.timeout(10):
        await alerts.load(sweep, alert.id, lock=True)
        word = asyncio.create_task(world.ok(row))
        await somebody_waits(sweep)
        # The server looks for a deadlock after a second: within half of one, nothing was waited for.
        async with asyncio.timeout(0.5):
            params = {"alert_id": str(alert.id)}
            await tell(sweep, [world.ids["Dev"]], "alarm.test", params, priority=Priority.ALARM, visit_id=row.id)
    assert (await word).late


async def test_a_request_to_be_rung_that_is_answered_waits_for_no_worker_who_asks_again(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    row = await world.inside()
    await world.do("Ann", words.ring_me, row.id, Word())
    async with world.database.transaction() as tx:
        (ring,) = await rings.due(replace_now(tx, timedelta(minutes=2)), 10)
    async with world.database.transaction() as asking, asyncio.timeout(10):
        actor = await world.actor(asking, "Ann")
        await visits.load(asking, row.id, lock=True)
        answered = asyncio.create_task(world.do("Mia", answering.answer, ring.id, "spoke"))
        await somebody_waits(asking)
        async with asyncio.timeout(0.5):
            await words.ring_me(asking, actor, row.id, Word())
    await answered


def replace_now(tx: Tx, by: timedelta) -> Tx:
    later = copy(tx)
    later.now = tx.now + by
    return later


async def test_an_alert_is_not_passed_on_to_somebody_who_is_kept_off_its_worker(world: World) -> None:
    await world.inside()
    await world.later(41)
    alert = await world.alert()
    await world.do("Mia", handling.take, alert.id)
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Dev"], worker_id=world.ids["Ann"], reason="was married", by=None
        )
    with pytest.raises(Refused, match="not_to_them"):
        await world.do("Mia", handling.pass_on, alert.id, world.ids["Dev"])
    await world.deliver()
    assert world.told("Dev", "alert.offered") == []
    await world.do("Mia", handling.pass_on, alert.id, world.ids["Adam"])
    assert (await world.alert()).alert.offered_to == world.ids["Adam"]


async def test_two_who_plan_for_the_same_new_family_in_one_moment_both_can(world: World) -> None:
    rows = await asyncio.gather(world.plan("Ann", ref="F-9"), world.plan("Ben", ref="F-9"))
    assert len({each.family_id for each in rows}) == 1


async def test_two_workers_who_tell_of_one_visit_at_once_make_one_fact_of_it(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    row = await world.plan("Mia", workers=(world.ids["Ann"], world.ids["Ben"]))
    given = []
    for who in ("Ann", "Ben"):
        for word in (words.begin, words.left):
            await world.do(who, word, row.id, Word())
    async with world.database.transaction() as tx:
        given = [await debriefs.of_visit(tx, row.id, world.ids[who]) for who in ("Ann", "Ben")]
    for who, each in zip(("Ann", "Ben"), given, strict=True):
        assert each is not None
        await world.do(who, telling.answer, each.id, {**HARD, "met": ["argued", "open_threat"]})
    async with world.database.transaction() as first, asyncio.timeout(10):
        assert given[0] is not None and given[1] is not None
        await telling.give_first_part(first, await world.actor(first, "Ann"), given[0].id)
        second = asyncio.create_task(world.do("Ben", telling.give_first_part, given[1].id))
        await somebody_waits(first)
    await second
    async with world.database.reading() as tx:
        kinds = [each.kind for each in await risk_facts.of_family(tx, row.family_id)]
    assert kinds.count("open_threat") == 1, kinds
    assert kinds.count("targeted") == 2, "each of them was"
