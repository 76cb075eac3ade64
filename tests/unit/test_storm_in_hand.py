"""What one person has in hand keeps the sweep from nobody else: it is not waited for, and comes a moment later."""

import time
from datetime import timedelta

import pytest

from safety_service.actions import sweeping, words
from safety_service.actions.words import Word
from safety_service.domain.words import Kind
from safety_service.store import alerts, visits
from tests.storm import workers
from tests.world import World


async def _swept(world: World) -> float:
    """Seconds that a sweep of the watches took."""
    began = time.monotonic()
    async with world.database.transaction() as tx:
        await sweeping.sweep_watches(tx, 100)
    return time.monotonic() - began


async def test_an_alert_that_somebody_has_in_hand_keeps_nobody_else_from_being_alarmed_for(world: World) -> None:
    """A process was suspended in the middle of "I have it": for a minute its alert stays locked."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    first, second = await workers(world, 2)
    alarmed = await world.inside(first, ref="F-1")
    await world.later(120)
    (alert,) = await world.alerts()
    other = await world.inside(second, ref="F-2")
    await world.jump(200)
    async with world.database.transaction() as hand:
        await alerts.load(hand, alert.id, lock=True)
        assert await _swept(world) < 4, "it waited for who has the alert in hand"
        raised = {each.alert.visit_id: each.alert.kind for each in await world.alerts()}
        assert raised == {alarmed.id: alert.alert.kind, other.id: Kind.MISSED_CHECK_IN}
        (watch,) = (await world.visit(alarmed.id)).visit.watches
        assert watch.next_at == world.now + sweeping.IN_HAND
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    (watch,) = (await world.visit(alarmed.id)).visit.watches
    assert watch.next_at is not None and watch.next_at > world.now + timedelta(minutes=1), "it goes on as ever"


async def test_a_visit_with_an_alert_that_nobody_has_in_hand_is_not_put_off(world: World) -> None:
    row = await world.inside()
    await world.later(41)
    assert await world.alerts()
    await world.jump(200)
    async with world.database.transaction() as tx:
        assert await sweeping.sweep_watches(tx, 100) == 1
        after = await visits.load(tx, row.id)
    assert after is not None
    assert after.visit.watches[0].next_at != world.now + sweeping.IN_HAND


async def test_a_visit_in_hand_keeps_no_other_request_to_be_rung_from_becoming_an_alert(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    rows = [await world.inside(name, ref=f"F-{name}") for name in await workers(world, 2)]
    for row in rows:
        (watch,) = row.visit.watches
        await world.do(world.name(watch.worker_id), words.ring_me, row.id, Word())
    await world.jump(2)
    began = time.monotonic()
    async with world.database.transaction() as hand:
        await visits.load(hand, rows[0].id, lock=True)
        async with world.database.transaction() as tx:
            await sweeping.sweep_rings(tx, 100)
        assert time.monotonic() - began < 4, "it waited for who has the visit in hand"
        assert [each.alert.visit_id for each in await world.alerts()] == [rows[1].id]
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    assert {each.alert.visit_id for each in await world.alerts()} == {each.id for each in rows}
