"""The ticker ticks whatever happens to its timer, and the watchdog ends what stands still."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduler.ticker import Ticker, TickerStopped
from scheduler.watchdog import Progress, Watchdog
from tests.patience import until

QUICK = timedelta(seconds=0.02)
LONG = timedelta(seconds=5)


@contextlib.asynccontextmanager
async def ticking(ticker: Ticker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(ticker.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Counted:
    def __init__(self) -> None:
        self.runs = 0

    async def __call__(self) -> None:
        self.runs += 1


async def test_a_job_that_fails_is_loud_and_called_again(caplog: pytest.LogCaptureFixture) -> None:
    runs = Counted()

    async def failing() -> None:
        await runs()
        raise ValueError("as if the rows were odd")

    ticker = Ticker()
    ticker.every(QUICK, failing, name="failing", within=LONG)
    async with ticking(ticker):
        await until(lambda: runs.runs >= 3)
    assert "failing failed" in caplog.text


async def test_a_job_that_hangs_is_ended_and_called_again(caplog: pytest.LogCaptureFixture) -> None:
    runs = Counted()

    async def hanging() -> None:
        await runs()
        await asyncio.Event().wait()

    ticker = Ticker()
    ticker.every(QUICK, hanging, name="hanging", within=QUICK)
    async with ticking(ticker):
        await until(lambda: runs.runs >= 3)
    assert "hanging took longer" in caplog.text


async def test_a_hanging_job_keeps_no_other_from_its_turn() -> None:
    runs = Counted()
    ticker = Ticker()
    ticker.every(QUICK, asyncio.Event().wait, name="hanging", within=LONG)  # type: ignore[arg-type]
    ticker.every(QUICK, runs, name="counted", within=LONG)
    async with ticking(ticker):
        await until(lambda: runs.runs >= 3)


async def test_a_tick_that_comes_late_is_not_dropped() -> None:
    """APScheduler's own default drops what is more than a second late."""
    runs = Counted()
    ticker = Ticker()
    ticker.every(timedelta(seconds=1.5), runs, name="counted", within=LONG)
    async with ticking(ticker):
        await asyncio.sleep(0)
        threading.Event().wait(2.7)
        await until(lambda: runs.runs == 1, within=0.2)


async def test_a_timer_that_died_without_a_word_is_wound_up_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Counted()
    monkeypatch.setattr("scheduler.ticker.SILENCE", 0.1)
    ticker = Ticker()
    ticker.every(QUICK, runs, name="counted", within=LONG)
    async with ticking(ticker):
        await until(lambda: runs.runs >= 1)
        ticker._scheduler._stop_timer()
        assert ticker._scheduler.running
        died_at = runs.runs
        await until(lambda: runs.runs > died_at + 1)
    assert "wound up again" in caplog.text


async def test_a_timer_that_stays_dead_fails_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scheduler.ticker.SILENCE", 0.1)
    ticker = Ticker()
    ticker.every(QUICK, Counted(), name="counted", within=LONG)
    monkeypatch.setattr(AsyncIOScheduler, "wakeup", lambda self: None)
    async with ticking(ticker) as task:
        with pytest.raises(TickerStopped):
            await asyncio.wait_for(task, 5)


def watched(progress: Progress, patience: float) -> tuple[Watchdog, list[str], threading.Event]:
    said: list[str] = []
    ended = threading.Event()

    def end(why: str) -> None:
        said.append(why)
        ended.set()

    return Watchdog(progress, what="the sweep", patience=patience, every=0.01, end=end), said, ended


def test_the_watchdog_ends_what_stands_still() -> None:
    watchdog, said, ended = watched(Progress(), patience=0.1)
    watchdog.start()
    assert ended.wait(5)
    assert said[0].startswith("the sweep stood still")


def test_the_watchdog_lets_live_what_moves() -> None:
    progress = Progress()
    watchdog, _, ended = watched(progress, patience=0.3)
    watchdog.start()
    for _ in range(50):
        progress.mark()
        assert not ended.wait(0.01)
    watchdog.stop()


def test_time_in_which_the_whole_process_was_suspended_is_not_held_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGSTOP, or a machine asleep: the watchdog's own clock jumps, and it must not bite on waking."""
    moments = iter([0.0, 3600.0, 3600.01])
    monkeypatch.setattr("scheduler.watchdog.time.monotonic", lambda: next(moments, 3600.02))
    watchdog, _, ended = watched(Progress(), patience=10)
    watchdog.start()
    assert not ended.wait(0.3)
    watchdog.stop()
