"""What must not end is begun again, and what must not be cut short is not."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bots.telegram import patience
from bots.telegram.patience import Patience
from bots.telegram.supervised import supervised, to_its_end


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST", 0.001)


async def test_work_that_dies_is_begun_again_in_place_and_that_is_loud(caplog: pytest.LogCaptureFixture) -> None:
    begun, alive = 0, asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise ValueError("a fault")
        alive.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(supervised("The poller", work))
    await alive.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun == 3
    assert caplog.text.count("The poller died") == 2 and "ValueError: a fault" in caplog.text


async def test_work_that_is_done_once_is_not_done_again() -> None:
    done: list[str] = []

    async def work() -> None:
        done.append("once")

    await supervised("The introduction", work, once=True)
    assert done == ["once"]


async def test_a_transaction_is_brought_to_its_end_though_we_are_cancelled() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def transaction() -> None:
        begun.set()
        await may_end.wait()
        ended.set()

    task = asyncio.create_task(to_its_end(transaction()))
    await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_soon(may_end.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_the_same_trouble_is_said_once_another_again_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    trying = Patience(logging.getLogger("test"), "Hearing", longest=0.002)
    with caplog.at_level(logging.WARNING):
        for reason in ("no line", "no line", "no answer", "no answer"):
            await trying.failed(reason)
        trying.worked()
        trying.worked()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR", "WARNING"]
    assert "works again after 4 failures" in caplog.text
