"""What one person has in hand keeps the sweep from nobody else: it is not waited for, and comes a moment later."""

import asyncio
import time
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from safety_service.actions import scene, sweeping, words
from safety_service.actions.cases import raise_without_visit
from safety_service.actions.words import Word
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Kind
from safety_service.store import agencies, alerts, in_hand, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
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


async def without_visit(world: World, name: str, kind: Kind) -> AlertRow:
    """An alert about this worker that belongs to no visit."""
    worker = world.ids[name]
    async with world.database.transaction() as tx:
        where = await scene.of_worker(tx, worker)
        return await raise_without_visit(tx, where, RaiseAlert(worker, kind, tx.now, tx.now))


async def kinds(world: World, name: str) -> set[Kind]:
    return {each.alert.kind for each in await world.alerts() if each.alert.worker_id == world.ids[name]}


async def test_an_alert_in_hand_keeps_no_agency_from_its_numbers_when_its_worker_was_to_be_rung(world: World) -> None:
    """The sweep waited for the alert with the agency held: no SOS there got its number, and no alarm was raised."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    alert = await without_visit(world, "Ann", Kind.UNWATCHED)
    for who in ("Ann", "Ben"):
        await world.do(who, words.ring_me, None, Word())
    await world.jump(2)
    async with world.database.transaction() as hand:
        await alerts.load(hand, alert.id, lock=True)
        began = time.monotonic()
        async with world.database.transaction() as tx:
            await sweeping.sweep_rings(tx, 100)
        assert time.monotonic() - began < 4, "it waited for who has the alert in hand"
        assert await kinds(world, "Ben") == {Kind.RING_ME}
        assert await kinds(world, "Ann") == {Kind.UNWATCHED}
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    assert await kinds(world, "Ann") == {Kind.UNWATCHED, Kind.RING_ME}


async def test_a_cry_for_help_and_the_sweep_of_its_workers_request_do_not_wait_in_a_circle(world: World) -> None:
    """An SOS holds the worker's alerts and asks for a number; the sweep held the numbers and asked for the alerts."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    await without_visit(world, "Ann", Kind.UNWATCHED)
    await world.do("Ann", words.ring_me, None, Word())
    await world.jump(2)
    ann = world.ids["Ann"]
    async with world.database.transaction() as sos, world.database.transaction() as tx:
        await alerts.open_without_visit(sos, world.agency_id, ann, lock=True)
        sweep = asyncio.create_task(sweeping.sweep_rings(tx, 100))
        await asyncio.wait({sweep}, timeout=0.3)
        # The server looks for a deadlock after a second: within half of one, nothing was waited for.
        async with asyncio.timeout(0.5):
            await agencies.next_number(sos, world.agency_id)
            await sweep


async def test_what_was_opened_and_taken_in_hand_meanwhile_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    await world.do("Ann", words.ring_me, None, Word())
    await world.jump(2)
    lock_free = agencies.lock_free
    async with world.database.transaction() as hand:

        async def just_before(tx: Tx, wanted: Collection[UUID]) -> frozenset[UUID]:
            alert = await without_visit(world, "Ann", Kind.UNWATCHED)
            await alerts.load(hand, alert.id, lock=True)
            return await lock_free(tx, wanted)

        monkeypatch.setattr(agencies, "lock_free", just_before)
        began = time.monotonic()
        async with world.database.transaction() as tx:
            await sweeping.sweep_rings(tx, 100)
    assert time.monotonic() - began < 4, "it waited for who has the alert in hand"


async def test_two_sweeps_of_one_request_to_be_rung_do_not_both_put_it_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One had the agency, the other the visit, again and again, and the request became no alert."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    row = await world.inside("Ann")
    await world.do("Ann", words.ring_me, row.id, Word())
    await world.jump(2)
    asks, let_go = asyncio.Event(), asyncio.Event()
    taken = in_hand.taken

    async def slowly(tx: Tx, wanted: Collection[UUID]) -> frozenset[UUID]:
        if not asks.is_set():
            asks.set()
            await let_go.wait()
        return await taken(tx, wanted)

    monkeypatch.setattr(in_hand, "taken", slowly)
    async with world.database.transaction() as one, world.database.transaction() as two:
        first = asyncio.create_task(sweeping.sweep_rings(one, 100))
        await asks.wait()
        await sweeping.sweep_rings(two, 100)
        let_go.set()
        await first
    assert await kinds(world, "Ann") == {Kind.RING_ME}


async def test_who_cannot_be_watched_is_told_of_a_moment_later_where_their_other_alert_is_in_hand(world: World) -> None:
    """The fallback waited for it with the agencies of every alarm held, and in the end none of them was raised."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    await world.inside("Ann")
    alert = await without_visit(world, "Ann", Kind.RING_ME)
    async with world.database.transaction() as tx:
        await tx.conn.execute(text("UPDATE visit SET address = :spoilt"), {"spoilt": b"nothing that a key opens"})
    await world.inside("Ben", ref="F-2")
    await world.jump(40)
    async with world.database.transaction() as hand:
        await alerts.load(hand, alert.id, lock=True)
        assert await _swept(world) < 4, "it waited for who has the alert in hand"
        assert await kinds(world, "Ben") == {Kind.MISSED_CHECK_IN}
        assert await kinds(world, "Ann") == {Kind.RING_ME}
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    assert await kinds(world, "Ann") == {Kind.RING_ME, Kind.UNWATCHED}


async def test_an_alert_that_cannot_be_worked_on_is_told_of_a_moment_later_where_another_is_in_hand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    row = await world.inside("Ann")
    await world.later(36)
    fails = await world.alert()
    await world.do("Ann", words.sos, row.id, Word())
    (sos,) = [each for each in await world.alerts() if each.alert.kind is Kind.SOS]

    async def spoilt(tx: Tx, alert_id: UUID) -> None:
        if alert_id == fails.id:
            raise ValueError("nothing that a key opens")
        await passed(tx, alert_id)

    passed = sweeping._pass_alert
    monkeypatch.setattr(sweeping, "_pass_alert", spoilt)
    await world.jump(10)
    async with world.database.transaction() as hand:
        await alerts.load(hand, sos.id, lock=True)
        began = time.monotonic()
        async with world.database.transaction() as tx:
            await sweeping.sweep_alerts(tx, 100)
        assert time.monotonic() - began < 4, "it waited for who has the other alert in hand"
        assert Kind.UNWATCHED not in await kinds(world, "Ann")
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    assert Kind.UNWATCHED in await kinds(world, "Ann")
