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


async def test_a_sweep_that_ended_for_its_length_is_gone_on_with_in_the_same_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.pace.LASTS", 0.1)
    left = 9
    seen: list[tuple[int, bool]] = []

    async def slow(tx: Tx, limit: int) -> int:
        nonlocal left
        seen.append((limit, one.raging))
        done = min(3, left)
        await asyncio.sleep(0.15 if done else 0.0)
        left -= done
        return done

    one, _ = sweeper(world.database, {"slow": slow}, batch=64)
    assert await one.once()
    assert left == 0 and not one.raging
    assert seen[:2] == [(64, False), (3, True)], "what it cannot do in its time, it does not hold"


async def test_the_watchdog_has_patience_for_as_long_as_what_is_given_up_is_tried_in_smaller_batches(
    world: World,
) -> None:
    """It ended the process before the second smaller one, and the next process began with as many as ever."""
    sizes: list[int] = []

    async def hanging(tx: Tx, limit: int) -> int:
        sizes.append(limit)
        await asyncio.Event().wait()
        return 0

    one, progress = sweeper(world.database, {"hanging": hanging}, batch=8, too_long=0.2)
    marks = []
    for _ in range(4):
        assert not await one.once()
        marks.append(progress.count)
    assert (sizes, marks) == ([8, 2, 1, 1], [1, 2, 2, 2])
