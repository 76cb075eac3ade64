"""When the watch was not kept, that is noticed, said once, and the inbox goes before what is overdue (P7)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from safety_service.store import stamps
from safety_service.store.database import Tx
from safety_service.store.errors import CannotKeep, DatabaseAway
from safety_service.store.tables.system import event_log
from scheduler.gap import GapWatch
from tests.world import World


@dataclass
class Inbox:
    """Whether what was said has been acted on."""

    empty: bool = True
    asked_since: datetime | None = None

    async def drained(self, tx: Tx, since: datetime) -> bool:
        self.asked_since = since
        return self.empty


class Killed(Exception):
    """The process is gone, just after it committed."""

    @classmethod
    def now(cls) -> None:
        raise cls


class Process:
    """A scheduler's look at the gap, with a clock of its own that the world's moves along."""

    def __init__(self, world: World, name: str = "one", on_progress: Callable[[], None] = lambda: None) -> None:
        self.world = world
        self.seconds = 1000.0
        self.inbox = Inbox()
        self.gap = GapWatch(
            world.database,
            name,
            self.inbox.drained,
            steady=lambda: self.seconds,
            skipping=lambda: self.seconds,
            on_progress=on_progress,
        )

    def passes(self, seconds: float) -> None:
        """Time passes, for everybody."""
        self.seconds += seconds
        self.world.clock.move(timedelta(seconds=seconds))

    async def works(self, seconds: int) -> None:
        """It sweeps once a second, cleanly."""
        for _ in range(seconds):
            self.passes(1)
            assert await self.gap.look(clean=True)


async def told(world: World) -> list[tuple[str, str]]:
    return sorted(
        (world.name(each.person_id), each.template) for each in await world.deliver() if "gap" in each.template
    )


async def cause(world: World) -> list[str]:
    """Why, as the administrator was told."""
    return [str(each.params["cause"]) for each in await world.deliver() if each.template == "gap.administrator"]


EVERYONE_CONCERNED = [("Adam", "gap.administrator"), ("Ann", "gap.worker"), ("Mia", "gap.manager")]


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telling that takes too long is left to the next look: a busy machine is not what is tested here."""
    monkeypatch.setattr("scheduler.gap.TELLS_WITHIN", 60.0)


@pytest.fixture
async def process(world: World) -> Process:
    """It has been at work for a while, and Ann is inside."""
    process = Process(world)
    await world.inside("Ann")
    assert await process.gap.look(clean=False)
    await process.works(3)
    return process


async def test_after_31_seconds_down_everybody_concerned_is_told_once(process: Process) -> None:
    process.passes(31)
    again = Process(process.world, "started again")
    await again.gap.look(clean=False)
    await again.works(3)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_a_restart_within_29_seconds_is_no_gap(process: Process) -> None:
    process.passes(29)
    again = Process(process.world, "started again")
    assert await again.gap.look(clean=False)
    assert await told(process.world) == []


async def test_a_process_that_was_suspended_owns_up(process: Process) -> None:
    process.passes(40)
    await process.gap.look(clean=True)
    await process.works(40)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_sweeps_that_fail_for_31_seconds_are_a_gap(process: Process) -> None:
    for _ in range(31):
        process.passes(1)
        await process.gap.look(clean=False)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_while_another_scheduler_sweeps_one_that_was_away_owes_nothing(process: Process) -> None:
    other = Process(process.world, "other")
    await other.gap.look(clean=False)
    for _ in range(40):
        other.passes(1)
        assert await other.gap.look(clean=True)
    process.seconds += 40
    assert await process.gap.look(clean=False)
    assert await told(process.world) == []


async def test_two_schedulers_that_come_back_together_tell_it_once_and_both_wait(process: Process) -> None:
    process.passes(60)
    first, second = Process(process.world, "first"), Process(process.world, "second")
    first.inbox.empty = second.inbox.empty = False
    assert not await first.gap.look(clean=False)
    assert not await second.gap.look(clean=False)
    first.passes(10)
    second.seconds += 10
    assert not await second.gap.look(clean=False)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_two_schedulers_that_look_at_the_very_same_moment_own_up_once(process: Process) -> None:
    process.passes(60)
    both = Process(process.world, "first"), Process(process.world, "second")
    await asyncio.gather(*(each.gap.look(clean=False) for each in both))
    async with process.world.database.reading() as tx:
        kept = select(func.count()).select_from(event_log).where(event_log.c.verb == "not_watched")
        assert (await tx.conn.execute(kept.where(event_log.c.subject == "service"))).scalar() == 1


async def test_many_are_told_in_batches_and_a_process_killed_in_between_leaves_nobody_out(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await process.world.inside("Ben", ref="another family")
    monkeypatch.setattr("scheduler.gap.TOLD_AT_ONCE", 1)
    process.passes(31)
    killed = Process(process.world, "killed", on_progress=Killed.now)
    with pytest.raises(Killed):
        await killed.gap.look(clean=False)
    first = await told(process.world)
    process.passes(6)
    await Process(process.world, "started again").gap.look(clean=False)
    everyone = [*EVERYONE_CONCERNED, ("Ben", "gap.worker")]
    assert len(first) == 1
    assert sorted(first + await told(process.world)) == sorted(everyone)


async def test_a_second_gap_before_all_have_heard_of_the_first_is_told_too(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.passes(31)
    killed = Process(process.world, "killed", on_progress=Killed.now)
    monkeypatch.setattr("scheduler.gap.TOLD_AT_ONCE", 0)
    await killed.gap.look(clean=False)
    assert await told(process.world) == []
    monkeypatch.undo()
    process.passes(31)
    await Process(process.world, "started again").gap.look(clean=False)
    assert await told(process.world) == sorted(2 * EVERYONE_CONCERNED)


@pytest.mark.parametrize(("seconds", "said"), [(3, EVERYONE_CONCERNED), (-3, EVERYONE_CONCERNED), (1, []), (-1, [])])
async def test_a_clock_that_was_set_by_more_than_two_seconds_is_a_gap(
    process: Process, seconds: int, said: list[tuple[str, str]]
) -> None:
    process.world.clock.move(timedelta(seconds=seconds))
    process.passes(1)
    await process.gap.look(clean=True)
    await process.works(3)
    assert await told(process.world) == said


async def test_a_slow_way_to_the_database_is_no_clock_that_was_set(world: World) -> None:
    """The database's time is read somewhere between two readings of ours, five seconds apart."""
    readings = iter([0.0, 5.0, 6.0, 11.0])
    gap = GapWatch(world.database, "slow", Inbox().drained, steady=lambda: 0.0, skipping=lambda: next(readings))
    await world.inside("Ann")
    await gap.look(clean=True)
    world.clock.move(timedelta(seconds=10))
    assert await gap.look(clean=True)
    assert await told(world) == []


async def test_whoever_goes_tomorrow_is_not_told(process: Process) -> None:
    await process.world.plan("Ben", after=24 * 60)
    process.passes(31)
    await process.gap.look(clean=True)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_whoever_should_have_begun_meanwhile_is_told(process: Process) -> None:
    await process.world.plan("Ben", after=1)
    process.passes(90)
    await process.gap.look(clean=True)
    assert ("Ben", "gap.begin") in await told(process.world)


async def test_a_database_that_was_never_swept_owes_nobody_anything(world: World) -> None:
    await world.inside("Ann")
    process = Process(world)
    assert await process.gap.look(clean=False)
    assert await told(world) == []


async def test_the_sweep_waits_until_what_was_said_meanwhile_has_been_heard(process: Process) -> None:
    process.inbox.empty = False
    process.passes(31)
    back_at = process.world.now
    assert not await process.gap.look(clean=True)
    process.passes(5)
    assert not await process.gap.look(clean=False)
    process.inbox.empty = True
    assert process.gap.due()
    assert await process.gap.look(clean=False)
    assert process.inbox.asked_since == back_at


async def test_the_sweep_waits_thirty_seconds_at_most_and_that_is_no_other_gap(process: Process) -> None:
    process.inbox.empty = False
    process.passes(31)
    waited = 0
    while not await process.gap.look(clean=False):
        process.passes(1)
        waited += 1
    assert waited == 30
    await process.works(5)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_a_restart_while_waiting_goes_on_waiting(process: Process) -> None:
    process.inbox.empty = False
    process.passes(31)
    await process.gap.look(clean=True)
    process.passes(5)
    again = Process(process.world, "started again")
    again.inbox.empty = False
    assert not await again.gap.look(clean=False)
    again.passes(26)
    assert await again.gap.look(clean=False)
    assert await told(process.world) == EVERYONE_CONCERNED


async def test_what_was_not_clean_is_not_stamped(process: Process) -> None:
    last = process.world.now
    process.passes(2)
    await process.gap.look(clean=False)
    async with process.world.database.reading() as tx:
        swept = await stamps.last(tx, "sweep")
    assert swept is not None and swept.at == last


async def test_after_a_restart_the_administrator_hears_that_it_was_down(process: Process) -> None:
    process.passes(31)
    await Process(process.world, "started again").gap.look(clean=False)
    assert await cause(process.world) == ["down"]


async def test_a_process_that_stood_still_says_that_it_did(process: Process) -> None:
    process.passes(40)
    await process.gap.look(clean=True)
    assert await cause(process.world) == ["suspended"]


async def test_a_machine_that_slept_says_that_it_did_although_its_clock_seems_set(world: World) -> None:
    asleep = [0.0]
    gap = GapWatch(world.database, "laptop", Inbox().drained, skipping=lambda: 1.0, sleeping=lambda: asleep[0])
    await gap.look(clean=True)
    world.clock.move(timedelta(hours=1))
    asleep[0] = 3600
    await gap.look(clean=False)
    assert await cause(world) == ["suspended"]


async def test_a_clock_that_was_set_is_said_to_be_that(process: Process) -> None:
    process.world.clock.move(timedelta(minutes=3))
    process.passes(1)
    await process.gap.look(clean=True)
    assert await cause(process.world) == ["clock"]


async def test_a_database_that_was_away_is_said_to_be_that(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def away() -> AsyncIterator[Tx]:
        raise DatabaseAway("it is")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(process.world.database, "transaction", away)
        for _ in range(31):
            process.passes(1)
            with pytest.raises(DatabaseAway):
                await process.gap.look(clean=False)
    await process.gap.look(clean=False)
    assert await cause(process.world) == ["database"]
    await process.works(3)
    process.passes(40)
    await process.gap.look(clean=False)
    assert await cause(process.world) == ["suspended"], "it was kept in between"


async def test_sweeps_that_fail_are_said_to_do_that(process: Process) -> None:
    for _ in range(31):
        process.passes(1)
        await process.gap.look(clean=False)
    assert await cause(process.world) == ["failing"]


async def test_a_look_tells_that_nothing_can_be_kept_although_the_last_sweep_left_nothing_to_write(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_tx: Tx, _name: str, _info: object = None) -> None:
        raise CannotKeep("no room")

    with monkeypatch.context() as patched:
        patched.setattr("safety_service.store.stamps.stamp", full)
        for clean in (True, False, False):
            process.passes(1)
            with pytest.raises(CannotKeep):
                await process.gap.look(clean=clean)
    assert process.gap.unkept_since == process.seconds - 2
    process.passes(1)
    await process.gap.look(clean=False)
    assert process.gap.unkept_since is None
