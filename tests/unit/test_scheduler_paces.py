"""Each sweep at its own pace: a slow one keeps no other waiting."""

import asyncio

import pytest

from safety_service.store.database import Tx
from scheduler.sweeper import Sweep
from tests.unit.test_scheduler_sweeper import sweeper
from tests.world import World


async def test_a_sweep_that_takes_too_long_makes_no_other_one_slower_and_is_not_given_up_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alerts that climb slowly beside a storm of quick watches: they shared a pace, and the quick ones set it."""
    monkeypatch.setattr("scheduler.sweeper.ENOUGH", 0.3)
    left = {"quick": 500, "slow": 60}
    batches: dict[str, list[int]] = {"quick": [], "slow": []}

    def sweep_of(name: str, each: float) -> Sweep:
        async def sweep(tx: Tx, limit: int) -> int:
            batches[name].append(done := min(limit, left[name]))
            await asyncio.sleep(done * each)
            left[name] -= done
            return done

        return sweep

    both = {"quick": sweep_of("quick", 0.0), "slow": sweep_of("slow", 0.02)}
    one, _ = sweeper(world.database, both, batch=64, too_long=1.0)
    given_up = 0
    while any(left.values()):
        given_up += not await one.once()
    assert given_up == 1, batches
    assert set(batches["quick"][:-1]) == {64}, "it was as large as before"
    assert batches["slow"][:2] == [60, 16]
