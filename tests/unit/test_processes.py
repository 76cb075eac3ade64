"""The tasks of a process: what is vital ends it, what is not is begun again, and a stop is waited for."""

import asyncio
import gc
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from pydantic import BaseModel

from safety_service.processes import backoff, logs
from safety_service.processes.backoff import Backoff
from safety_service.processes.memory import hold_still
from safety_service.processes.tasks import EndedEarly, Tasks, until_stopped
from tests.patience import until


class Work:
    """Fails as often as told, then works until stopped."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.begun = 0

    async def run(self, stopping: asyncio.Event) -> None:
        self.begun += 1
        if self.begun <= self.failures:
            raise ValueError("a fault")
        await stopping.wait()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST", 0.01)
    monkeypatch.setattr(backoff, "LONGEST", 0.02)


async def test_what_is_not_vital_is_begun_again_and_the_rest_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    bot, watch, stopping = Work(failures=3), Work(), asyncio.Event()
    tasks = Tasks()
    tasks.in_place("bot", bot.run)
    tasks.vital("watch", watch.run)
    running = asyncio.create_task(tasks.run(stopping))
    await until(lambda: bot.begun == 4)
    stopping.set()
    await running
    assert watch.begun == 1
    assert "bot failed" in caplog.text


async def test_when_what_is_vital_fails_everything_ends(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()
    tasks.in_place("bot", Work().run)
    tasks.vital("watch", Work(failures=1).run)
    with pytest.raises(ExceptionGroup) as ended:
        await tasks.run(asyncio.Event())
    assert ended.group_contains(ValueError)


async def test_when_what_is_vital_ends_by_itself_that_is_a_failure() -> None:
    async def nothing(stopping: asyncio.Event) -> None:
        return

    tasks = Tasks()
    tasks.vital("watch", nothing)
    with pytest.raises(ExceptionGroup) as ended:
        await tasks.run(asyncio.Event())
    assert ended.group_contains(EndedEarly)


async def test_what_does_not_stop_is_cut_off(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("safety_service.processes.tasks.STOP_WITHIN", 0.05)

    async def deaf(stopping: asyncio.Event) -> None:
        await asyncio.Event().wait()

    tasks, stopping = Tasks(), asyncio.Event()
    tasks.vital("deaf", deaf)
    stopping.set()
    await asyncio.wait_for(tasks.run(stopping), 5)
    assert "deaf did not come to an end" in caplog.text


async def test_what_goes_on_for_ever_ends_when_stopped_and_tells_what_it_died_of() -> None:
    stopping = asyncio.Event()
    running = asyncio.create_task(until_stopped(_for_ever(), stopping))
    await asyncio.sleep(0)
    stopping.set()
    await asyncio.wait_for(running, 5)
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(until_stopped(_dies(), asyncio.Event()), 5)


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _dies() -> None:
    raise ValueError("a fault")


def test_waits_double_up_to_ten_seconds_and_begin_anew_after_a_minute_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST", 0.2)
    monkeypatch.setattr(backoff, "LONGEST", 10.0)
    now = 0.0
    monkeypatch.setattr("safety_service.processes.backoff.time.monotonic", lambda: now)
    waits = Backoff()
    assert [round(waits.ended(), 1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    waits.begun()
    now = 60.0
    assert waits.ended() == 0.2


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What went to the log since the last time; logging is as it was afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    root.handlers[:] = before
    root.setLevel(level)


def test_a_json_log_line_is_json_with_the_error(logged: Callable[[], str]) -> None:
    logs.set_up("json", "web")
    try:
        int("odd")
    except ValueError:
        logging.getLogger("here").exception("it failed")
    said = json.loads(logged())
    assert (said["process"], said["level"], said["message"]) == ("web", "ERROR", "it failed")
    assert "ValueError: invalid literal" in said["error"]
    assert said["at"].endswith("Z")


#: In a traceback stand the lines of the code, too.
ADDRESS = "1 Elm Row, Northfield"


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_in_the_log_quotes_neither_a_row_nor_what_came_in(
    form: Literal["text", "json"], logged: Callable[[], str]
) -> None:
    class Plan(BaseModel):
        minutes: int

    logs.set_up(form, "web")
    for fault in (lambda: Plan.model_validate({"minutes": ADDRESS}), _refused_by_the_database):
        try:
            fault()
        except ValueError:
            logging.getLogger("here").exception("it failed")
    said = logged()
    assert "Elm Row" not in said
    assert "unable to parse string as an integer" in said and "duplicate key value" in said and "[SQL: INSERT" in said


def _refused_by_the_database() -> None:
    raise ValueError(
        f"duplicate key value violates unique constraint\nDETAIL:  Key (address)=({ADDRESS}) already exists.\n"
        "[SQL: INSERT INTO visit]"
    )


def test_what_a_process_was_made_of_is_looked_through_once_only() -> None:
    hold_still()
    held = gc.get_freeze_count()
    gc.unfreeze()
    assert held > 10_000
