"""What the sweep holds, a word may be waiting for: after a moment it keeps what is done, and leaves the rest."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from safety_service.actions import sweeping, words
from safety_service.actions.words import Word
from safety_service.domain.words import Kind
from safety_service.store import drivers
from safety_service.store.database import Tx
from scheduler.gap import GapWatch
from scheduler.pace import Pace
from scheduler.service import SHORTLY
from scheduler.sweeper import Sweeper
from scheduler.watchdog import Progress
from tests.storm import storm, waiting, whose, workers
from tests.world import World


async def _in_short(world: World, sweep: Callable[..., Awaitable[int]]) -> list[int]:
    """How many each transaction did that had no time at all, until nothing was due."""
    done = [1]
    while done[-1]:
        async with world.database.transaction() as tx:
            done.append(await sweep(tx, 100, lasts=0.0))
    return done[1:-1]


async def test_alerts_that_climb_one_by_one_are_kept_as_soon_as_the_time_is_up(world: World) -> None:
    await storm(world, 4)
    await world.sweep()
    before = {each.id: each.alert.step for each in await world.alerts()}
    await world.jump(6)
    assert await _in_short(world, sweeping.sweep_alerts) == [1, 1, 1, 1]
    assert {each.id: each.alert.step - 1 for each in await world.alerts()} == before


async def test_watches_that_cannot_go_together_are_kept_as_soon_as_the_time_is_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise ValueError("nothing goes together today")

    rows = await storm(world, 4)
    monkeypatch.setattr(sweeping, "pass_many", fails)
    assert await _in_short(world, sweeping.sweep_watches) == [1, 1, 1, 1]
    assert {each.alert.visit_id for each in await world.alerts()} == {each.id for each in rows}
    assert whose(await waiting(world)) == sorted(each.id for each in rows)


async def test_watches_with_an_open_alert_are_kept_as_soon_as_the_time_is_up(world: World) -> None:
    rows = await storm(world, 3)
    await world.sweep()
    await world.jump(200)
    assert await _in_short(world, sweeping.sweep_watches) == [1, 1, 1]
    for row in rows:
        (watch,) = (await world.visit(row.id)).visit.watches
        assert watch.next_at is not None and watch.next_at > world.now


async def test_requests_to_be_rung_are_kept_as_soon_as_the_time_is_up(world: World) -> None:
    for name in await workers(world, 3):
        row = await world.inside(name, ref=f"F-{name}")
        await world.do(name, words.ring_me, row.id, Word())
    await world.jump(2)
    assert await _in_short(world, sweeping.sweep_rings) == [1, 1, 1]
    assert [each.alert.kind for each in await world.alerts()] == [Kind.RING_ME] * 3


async def test_a_cry_for_help_does_not_wait_for_all_alerts_that_climb(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow line to the database, forty alerts climb for seconds."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    rows = await storm(world, 40)
    await world.sweep()
    await world.jump(6)
    climbing = asyncio.create_task(_swept_slowly(world, monkeypatch))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    (watch,) = rows[0].visit.watches
    await world.do(world.name(watch.worker_id), words.sos, rows[0].id, Word())
    waited = time.monotonic() - began
    climbed = sum(each.alert.step > 1 for each in await world.alerts())
    assert not climbing.done(), "the line was not slow enough"
    assert waited < 1.5, (waited, climbed)
    assert await climbing


async def _swept_slowly(world: World, monkeypatch: pytest.MonkeyPatch) -> bool:
    """By the scheduler's own sweep, whose line alone is slow."""

    async def slowly(tx: Tx, limit: int) -> int:
        driver = await tx.driver()
        assert isinstance(driver, drivers.Postgres)
        for name in ("fetch", "run", "run_many"):
            monkeypatch.setattr(driver, name, _late(getattr(driver, name)), raising=False)
        return await SHORTLY["alerts"](tx, limit)

    gap = GapWatch(world.database, "one", _drained)
    return await Sweeper(world.database, {"alerts": slowly}, gap, Progress(), pace=lambda: Pace(256, 256)).once()


def _late(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def late(*asked: Any) -> Any:
        await asyncio.sleep(0.02)
        return await method(*asked)

    return late


async def _drained(tx: Tx, since: object) -> bool:
    return True
