"""Chasing in the learning loop: what fails in one chase stops no other, and each commits by itself."""

from datetime import timedelta

import pytest

from safety_service.actions.fact_reviews import chase_facts
from safety_service.actions.plan_chases import chase_reviews
from safety_service.store import stamps
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from scheduler.chaser import Chaser
from tests.guidance.at_plans import told
from tests.world import World


@pytest.mark.parametrize("error", [TryAgain("busy"), ValueError("odd rows")])
async def test_a_chase_that_fails_leaves_nothing_behind_and_stops_no_other(world: World, error: Exception) -> None:
    async def failing(tx: Tx, limit: int) -> int:
        await stamps.stamp(tx, "half done")
        raise error

    async def working(tx: Tx, limit: int) -> int:
        await stamps.stamp(tx, "done")
        return 1

    await Chaser(world.database, {"failing": failing, "working": working}).once()
    async with world.database.reading() as tx:
        assert [each.name for each in await stamps.every(tx)] == ["done"]


async def test_what_is_routine_wakes_nobody_and_is_asked_once_by_however_many_processes(world: World) -> None:
    await told(world, "open_threat")
    world.clock.move(timedelta(days=250, hours=-7))
    assert await routine(world) == []
    world.clock.move(timedelta(hours=7))
    asked = await routine(world)
    assert sorted(set(asked)) == ["facts.review", "plan.review"]
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, "plan_reviews", {})  # where another process still believes the day to be
    assert await routine(world) == []


async def routine(world: World) -> list[str]:
    """Ask what is asked once a day; what went out."""
    for chase in (chase_facts, chase_reviews):
        async with world.database.transaction() as tx:
            await chase(tx, 20)
    return [each.template for each in await world.deliver()]
