"""The sweep goes on whatever happens to one run of it, and two sweepers do each thing once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from safety_service.actions.sweeping import sweep_alerts, sweep_rings, sweep_watches
from safety_service.domain.words import Kind
from safety_service.store import alerts, sealing, stamps, visits
from safety_service.store.clock import SetClock
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, SchemaIsNewer, TryAgain
from safety_service.store.sealing import KeyRing
from scheduler.gap import GapWatch
from scheduler.pace import Pace
from scheduler.sweeper import Sweep, Sweeper
from scheduler.watchdog import Progress
from tests.patience import until
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY
from tests.world import World, build

ALL = {"watches": sweep_watches, "alerts": sweep_alerts, "rings": sweep_rings}


async def always(tx: Tx, since: object) -> bool:
    return True


def sweeper(
    database: Database, sweeps: Mapping[str, Sweep], *, name: str = "one", batch: int = 200, too_long: float = 5.0
) -> tuple[Sweeper, Progress]:
    progress = Progress()
    gap = GapWatch(database, name, always)
    return Sweeper(database, sweeps, gap, progress, pace=lambda: Pace(batch, batch), too_long=too_long), progress


@contextlib.asynccontextmanager
async def running(one: Sweeper) -> AsyncIterator[None]:
    task = asyncio.create_task(one.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Failing:
    """A sweep that fails as ordered, then has nothing to do."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    async def __call__(self, tx: Tx, limit: int) -> int:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        return 0


async def test_what_is_due_becomes_an_alert_in_the_next_run(world: World) -> None:
    await world.inside("Ann")
    world.clock.move(timedelta(hours=2))
    one, _ = sweeper(world.database, ALL)
    assert await one.once()
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN


@pytest.mark.parametrize("error", [TryAgain("busy"), ValueError("odd rows")])
async def test_an_error_in_one_sweep_stops_neither_the_others_nor_the_next_run(world: World, error: Exception) -> None:
    first, second = Failing(error), Failing()
    one, progress = sweeper(world.database, {"first": first, "second": second})
    assert not await one.once()
    assert (first.runs, second.runs, progress.count) == (1, 1, 0)
    assert await one.once()
    assert (first.runs, second.runs, progress.count) == (2, 2, 1)


async def test_it_says_that_more_is_coming_for_as_long_as_batches_are_full(world: World) -> None:
    seen: list[bool] = []
    left = [3, 3, 1]

    async def storm(tx: Tx, limit: int) -> int:
        seen.append(one.raging)
        return left.pop(0)

    async def nothing(tx: Tx, limit: int) -> int:
        return 0

    one, _ = sweeper(world.database, {"storm": storm, "nothing": nothing}, batch=3)
    assert await one.once()
    assert seen == [False, True, True] and not one.raging


async def test_a_database_that_is_away_is_no_stalled_watch(world: World) -> None:
    first = Failing(DatabaseAway("gone"))
    one, progress = sweeper(world.database, {"first": first})
    assert not await one.once()
    assert progress.count == 1
    assert await one.once()


async def test_a_sweep_that_hangs_is_given_up_and_the_watchdog_not_told_that_all_is_well(world: World) -> None:
    async def hanging(tx: Tx, limit: int) -> int:
        await asyncio.Event().wait()
        return 0

    one, progress = sweeper(world.database, {"hanging": hanging}, batch=1, too_long=0.2)
    assert not await one.once()
    assert progress.count == 0


async def test_a_batch_that_takes_too_long_is_tried_again_in_smaller_ones_until_all_is_done(world: World) -> None:
    left = 20
    sizes: list[int] = []

    async def slow(tx: Tx, limit: int) -> int:
        nonlocal left
        sizes.append(min(left, limit))
        await asyncio.sleep(0.1 * sizes[-1])
        left -= sizes[-1]
        return sizes[-1]

    one, progress = sweeper(world.database, {"slow": slow}, batch=20, too_long=1.0)
    await until(one.once, within=30.0)
    assert sizes[:2] == [20, 5]
    while left:
        await one.once()
    assert progress.count


async def test_a_long_run_that_goes_on_committing_is_no_stalled_watch(world: World) -> None:
    """On an overloaded machine a run may never come to its end; as long as alarms go out, it must not be ended."""
    left = 3

    async def slower_and_slower(tx: Tx, limit: int) -> int:
        nonlocal left
        if left == 0:
            await asyncio.Event().wait()
        left -= 1
        return limit

    one, progress = sweeper(world.database, {"slow": slower_and_slower}, batch=1, too_long=1.0)
    assert not await one.once()
    assert progress.count == 3


async def test_committing_beside_a_sweep_that_fails_does_not_hide_it_from_the_watchdog(world: World) -> None:
    async def busy(tx: Tx, limit: int) -> int:
        return limit - 1

    one, progress = sweeper(world.database, {"failing": Failing(ValueError("for good")), "busy": busy}, batch=2)
    assert not await one.once()
    assert progress.count == 0


async def test_many_due_things_are_done_in_batches_and_every_sweep_gets_its_turn(world: World) -> None:
    turns: list[str] = []

    def backlog(name: str, size: int) -> Sweep:
        async def sweep(tx: Tx, limit: int) -> int:
            nonlocal size
            done = min(size, limit)
            size -= done
            turns.append(name)
            return done

        return sweep

    one, _ = sweeper(world.database, {"long": backlog("long", 5), "short": backlog("short", 1)}, batch=2)
    assert await one.once()
    assert turns == ["long", "short", "long", "long"]


async def test_an_urgent_write_does_not_wait_for_the_tick(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.sweeper.UNWOKEN", 3600.0)
    quiet = Failing()
    one, _ = sweeper(world.database, {"quiet": quiet})
    async with running(one):
        await until(lambda: quiet.runs == 1)
        await until(lambda: bool(world.database.hot._subscribers.get("sweep")))  # type: ignore[attr-defined]
        async with world.database.transaction() as tx:
            tx.announce("sweep")
        await until(lambda: quiet.runs == 2)


async def test_without_a_single_tick_it_sweeps_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.sweeper.UNWOKEN", 0.02)
    quiet = Failing()
    one, _ = sweeper(world.database, {"quiet": quiet})
    async with running(one):
        await until(lambda: quiet.runs >= 3)


async def test_only_a_clean_sweep_is_stamped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.gap.LOOK_EVERY", 0.0)
    failing = Failing(ValueError("odd"))
    one, _ = sweeper(world.database, {"failing": failing})

    async def stamped() -> bool:
        async with world.database.reading() as tx:
            return await stamps.last(tx, "sweep") is not None

    await one.once()
    await one.once()
    assert not await stamped()
    await one.once()
    assert await stamped()


async def test_two_sweepers_open_one_alert_and_tell_it_once(postgres_url: str) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    database = await Database.open(postgres_url, clock=SetClock(datetime(2026, 11, 16, 9, 0, tzinfo=UTC)))
    world = await build(database)
    both = asyncio.Barrier(2)

    async def sweep_together(tx: Tx, limit: int) -> int:
        await both.wait()
        return await sweep_watches(tx, limit)

    sweepers = [sweeper(database, {"watches": sweep_together}, name=name)[0] for name in ("one", "two")]
    for who in ("Ann", "Ben"):
        await world.inside(who, ref=who)
    world.clock.move(timedelta(hours=2))
    assert list(await asyncio.gather(*(each.once() for each in sweepers))) == [True, True]
    opened = sorted((world.name(each.alert.worker_id), each.alert.kind) for each in await world.alerts())
    assert opened == [("Ann", Kind.MISSED_CHECK_IN), ("Ben", Kind.MISSED_CHECK_IN)]
    alarms = [each.alert_id for each in await world.deliver() if each.template.startswith("alarm.")]
    assert len(alarms) == len(set(alarms)) == 2
    await database.close()


async def test_a_word_in_hand_keeps_the_sweep_from_nobody_elses_visit(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    row = await world.inside("Ann")
    await world.inside("Ben", ref="F-2")
    world.clock.move(timedelta(hours=2))
    one, _ = sweeper(world.database, {"watches": sweep_watches})
    async with world.database.transaction() as word:
        await visits.load(word, row.id, lock=True)
        assert await one.once(), "it waited for the word"
    assert [world.name(each.alert.worker_id) for each in await world.alerts()] == ["Ben"]
    assert await one.once()
    assert len(await world.alerts()) == 2


async def test_an_alert_in_hand_keeps_the_sweep_from_nobody_elses_alert(world: World) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    for who in ("Ann", "Ben"):
        await world.inside(who, ref=who)
    await world.later(36)
    mine, other = await world.alerts()
    world.clock.move(timedelta(minutes=5))
    one, _ = sweeper(world.database, {"alerts": sweep_alerts})
    async with world.database.transaction() as hand:
        await alerts.load(hand, mine.id, lock=True)
        assert await one.once(), "it waited for who has the alert in hand"
    climbed = {each.id: each.alert.step for each in await world.alerts()}
    assert climbed == {mine.id: mine.alert.step, other.id: other.alert.step + 1}


async def test_a_database_that_was_restarted_is_swept_again(
    own_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost in the middle; the sweeper finds the way back by itself."""
    from safety_service.store.migrate import upgrade

    sealing.use(KeyRing([TEST_KEY]))
    url = own_postgres.url()
    await upgrade(url)
    database = await Database.open(url)
    quiet = Failing()
    one, progress = sweeper(database, {"quiet": quiet})
    assert await one.once()
    own_postgres.stop()
    assert not await one.once(), "it had a connection"
    assert not await one.once(), "there is none to be had"
    assert progress.count == 3, "a database that is away is no stalled watch"
    own_postgres.start()
    await until(one.once)
    await database.close()


async def test_old_code_does_not_sweep_a_newer_schema(world: World) -> None:
    one, _ = sweeper(world.database, ALL)
    async with world.database.transaction() as tx:
        await tx.conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaIsNewer):
        await one.once()


async def test_chasing_debriefs_that_fails_is_no_reason_to_start_the_watch_again(world: World) -> None:
    one, _ = sweeper(world.database, {**ALL, "debriefs": Failing(*[ValueError("for good")] * 9)})
    assert await one.once()
    other, _ = sweeper(world.database, {**ALL, "watches": Failing(ValueError("for good"))}, name="other")
    assert not await other.once()
