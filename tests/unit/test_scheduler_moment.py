"""What falls due between two ticks does not wait for the next one."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from safety_service.actions.sweeping import due_now, sweep_alerts, sweep_watches
from safety_service.store.database import Tx
from safety_service.store.glance import Due
from scheduler import sweeper as module
from scheduler.gap import GapWatch
from scheduler.sweeper import Sweeper
from scheduler.watchdog import Progress
from tests.patience import until
from tests.unit.test_scheduler_sweeper import always, running
from tests.world import World


@pytest.fixture(autouse=True)
def _nothing_else_wakes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNWOKEN", 3600.0)


def sweeping(world: World, glance: module.Glance) -> Sweeper:
    gap = GapWatch(world.database, "one", always)
    return Sweeper(world.database, {"watches": sweep_watches, "alerts": sweep_alerts}, gap, Progress(), glance=glance)


async def test_the_look_says_what_is_due_and_how_far_off_the_next_is(world: World) -> None:
    async with world.database.reading() as tx:
        assert await due_now(tx) == Due(frozenset(), math.inf)
    inside = await world.inside("Ann")
    async with world.database.reading() as tx:
        moments = [each.next_at for each in (await world.visit(inside.id)).visit.watches if each.next_at is not None]
        seen = await due_now(tx)
        assert seen == Due(frozenset(), (min(moments) - tx.now).total_seconds())
    world.clock.move(timedelta(seconds=seen.next_in))
    async with world.database.reading() as tx:
        assert "watches" in (await due_now(tx)).now


async def test_it_wakes_at_the_moment_without_a_tick_and_raises_what_is_due_then(world: World) -> None:
    await world.inside("Ann")
    looks = 0

    async def look(tx: Tx) -> Due:
        nonlocal looks
        looks += 1
        if looks == 1:
            # As if it were a hundredth of a second off; by then it is, and long overdue.
            world.clock.move(timedelta(hours=2))
            return Due(frozenset(), 0.01)
        return await due_now(tx)

    async def alarmed() -> bool:
        async with world.database.reading() as tx:
            return not (await due_now(tx)).now and looks > 1

    async with running(sweeping(world, look)):
        await until(alarmed, 10)
    assert (await world.alert()).alert.number == 1


async def test_what_cannot_be_done_yet_does_not_make_it_look_again_and_again(world: World) -> None:
    looks = 0

    async def look(tx: Tx) -> Due:
        nonlocal looks
        looks += 1
        return Due(frozenset({"watches"}), 0.01 if looks == 1 else math.inf)

    async with running(sweeping(world, look)):
        await until(lambda: looks == 2, 10)
        assert looks == 2
