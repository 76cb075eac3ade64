"""An agency whose numbers somebody is counting just now keeps no other agency from being watched."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from safety_service.actions import cases, sweeping, words
from safety_service.actions.words import Word
from safety_service.domain.events import Event
from safety_service.domain.words import Role
from safety_service.store import agencies, people, teams
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow
from tests.storm import workers
from tests.world import World


async def another(world: World) -> World:
    """A second agency."""
    async with world.database.transaction() as tx:
        made = await agencies.add(tx, "Oakshire", demonstration=True)
        team = await teams.add(tx, made.id, "South")
        manager = await people.add(tx, made.id, "Zoe", email="zoe@example.org", phone="07700 900101")
        await people.set_roles(tx, manager.id, team.id, frozenset({Role.MANAGER}))
    # Names of workers are numbered by how many there are.
    return World(world.database, made.id, team.id, {"Zoe": manager.id, **{f"-{n}": made.id for n in range(50)}})


async def inside(world: World) -> VisitRow:
    (name,) = await workers(world, 1)
    return await world.inside(name, ref=f"of {name}")


async def alarmed(world: World) -> set[object]:
    return {each.alert.visit_id for each in await world.alerts()}


async def quickly(sweep: Callable[[Tx, int], Awaitable[int]], world: World, limit: int = 1) -> None:
    began = time.monotonic()
    async with world.database.transaction() as tx:
        await sweep(tx, limit)
    assert time.monotonic() - began < 4, "it waited for who counts the other agency's numbers"


async def test_an_alarm_in_the_middle_of_its_number_keeps_no_other_agency_unwatched(world: World) -> None:
    """A process was suspended there: all agencies waited, and the watchdog ended process after process."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    other = await another(world)
    first, asked, second = await inside(world), await inside(world), await inside(other)
    await world.jump(40)
    async with world.database.transaction() as hand:
        await agencies.next_number(hand, world.agency_id)
        await quickly(sweeping.sweep_watches, world)
        assert await alarmed(other) == {second.id} and await alarmed(world) == set()
        await quickly(sweeping.sweep_watches, world)
    assert await world.sweep()
    assert await alarmed(world) == {first.id, asked.id}


async def test_a_request_to_be_rung_becomes_an_alert_while_another_agencys_numbers_are_counted(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    other = await another(world)
    rows = await inside(world), await inside(other)
    for there, row in zip((world, other), rows, strict=True):
        (watch,) = row.visit.watches
        await there.do(there.name(watch.worker_id), words.ring_me, row.id, Word())
    await world.jump(2)
    async with world.database.transaction() as hand:
        await agencies.next_number(hand, world.agency_id)
        for _ in range(2):
            await quickly(sweeping.sweep_rings, world)
        assert await alarmed(other) == {rows[1].id} and await alarmed(world) == set()
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    assert await alarmed(world) == {rows[0].id}


async def test_a_question_that_fails_is_told_of_once_nobody_counts_its_agencys_numbers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fallback waited for the number with the agencies of all alarms held."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    other = await another(world)
    alarm = await inside(other)
    await world.jump(6)
    asked = await inside(world)
    happen = cases.happen

    async def fails(tx: Tx, row: VisitRow, event: Event, **more: Any) -> VisitRow:
        if row.id == asked.id:
            raise ValueError("a row that nobody foresaw")
        return await happen(tx, row, event, **more)

    monkeypatch.setattr(sweeping, "happen", fails)
    await world.jump(31)
    async with world.database.transaction() as hand:
        await agencies.next_number(hand, world.agency_id)
        await quickly(sweeping.sweep_watches, world, limit=100)
        assert await alarmed(other) == {alarm.id} and await alarmed(world) == set()
    world.clock.move(2 * sweeping.IN_HAND)
    await world.sweep()
    assert await alarmed(world) == {asked.id}


async def test_two_sweeps_that_hold_an_agency_each_do_not_wait_for_each_others(world: World) -> None:
    """They raised alarms in the order in which these were due, and each held what the other wanted next."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    other = await another(world)
    for there in (world, other, other, world):
        await inside(there)
        world.clock.move(sweeping.IN_HAND)
    await world.jump(40)
    began = time.monotonic()
    async with world.database.transaction() as one, world.database.transaction() as two:
        assert await sweeping.sweep_watches(one, 1) == await sweeping.sweep_watches(two, 1) == 1
        more = asyncio.create_task(sweeping.sweep_watches(one, 1))
        await asyncio.wait({more}, timeout=0.3)
        assert await sweeping.sweep_watches(two, 1) == await more == 1
    assert time.monotonic() - began < 0.9, "the server looks for a deadlock after a second"
    assert len(await alarmed(world)) == len(await alarmed(other)) == 2
