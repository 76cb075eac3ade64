"""Thousands are to hear of a gap, and those who are inside are watched meanwhile (P7)."""

import asyncio

import pytest

from safety_service.actions import gaps
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from tests.unit.test_scheduler_gap import Process, told
from tests.world import World


@pytest.fixture
async def process(world: World) -> Process:
    """It has been at work for a while, and three people are inside."""
    process = Process(world)
    for name in ("Ann", "Ben", "Dev"):
        await world.inside(name, ref=f"of {name}")
    assert await process.gap.look(clean=False)
    await process.works(3)
    return process


async def test_as_many_are_told_as_a_second_allows_then_the_sweep_goes_on_and_the_others_hear_at_the_next_look(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telling thousands before anybody was watched again was cut off, and became a gap of which everybody heard."""
    monkeypatch.setattr("scheduler.gap.TOLD_AT_ONCE", 1)

    async def slowly(tx: Tx, limit: int) -> int:
        process.seconds += 0.6
        return await gaps.tell_owed(tx, limit)

    monkeypatch.setattr("scheduler.gap.tell_owed", slowly)
    process.passes(31)
    heard = []
    for _ in range(3):
        assert await process.gap.look(clean=True)
        heard.append([who for who, what in await told(process.world) if what == "gap.worker"])
        process.passes(1)
    assert [len(each) for each in heard] == [1, 2, 0], "the manager before them"
    assert sorted(who for each in heard for who in each) == ["Ann", "Ben", "Dev"]


async def test_telling_that_is_too_slow_or_waits_for_others_keeps_nobody_from_being_watched_and_goes_on_with_fewer(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[int] = []

    async def slowly(tx: Tx, limit: int) -> int:
        limits.append(limit)
        if len(limits) == 1:
            raise TryAgain("somebody has it in hand")
        await asyncio.sleep(1.5 * limit / 50)
        return await gaps.tell_owed(tx, limit)

    monkeypatch.setattr("scheduler.gap.tell_owed", slowly)
    monkeypatch.setattr("scheduler.gap.TELLS_WITHIN", 1.0)
    process.passes(31)
    for _ in range(4):
        assert await process.gap.look(clean=True)
        process.passes(1)
    assert limits[:3] == [50, 50, 13]
    assert [who for who, what in await told(process.world) if what == "gap.worker"] == ["Ann", "Ben", "Dev"]


@pytest.mark.parametrize("noticed", [True, False])
async def test_what_is_owed_after_a_gap_is_told_by_another_process_where_the_one_that_found_it_is_lost(
    process: Process, monkeypatch: pytest.MonkeyPatch, noticed: bool
) -> None:
    """`noticed`: by the other one, too. Else the first one alone stood still, as a machine does that is moved.

    Those who had not heard yet never did, until a process was started.
    """
    monkeypatch.setattr("scheduler.gap.TOLD_AT_ONCE", 1)
    other = Process(process.world, "another")
    other.seconds = process.seconds
    for _ in range(10):
        await process.works(1)
        other.seconds += 1
        assert await other.gap.look(clean=True)

    async def slowly(tx: Tx, limit: int) -> int:
        process.seconds += 0.6
        return await gaps.tell_owed(tx, limit)

    process.passes(31 if noticed else 4)
    if noticed:
        other.seconds += 31
    else:
        process.seconds -= 3
        other.seconds += 4
        assert await other.gap.look(clean=True)
    with monkeypatch.context() as first:
        first.setattr("scheduler.gap.tell_owed", slowly)
        assert await process.gap.look(clean=True)
    heard = [who for who, what in await told(process.world) if what == "gap.worker"]
    assert len(heard) == 1
    # From here on the first one is lost, with its machine.
    await other.works(15)
    heard += [who for who, what in await told(process.world) if what == "gap.worker"]
    assert sorted(heard) == ["Ann", "Ben", "Dev"]
