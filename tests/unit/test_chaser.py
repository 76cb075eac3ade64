"""Chasing in the learning loop: what fails in one chase stops no other, and each commits by itself."""

import pytest

from safety_service.store import stamps
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from scheduler.chaser import Chaser
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
