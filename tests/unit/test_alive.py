"""A process says that it is alive: in a file for who keeps its container, and in the database for who counts."""

import asyncio
import os
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from safety_service import cli
from safety_service.processes import alive
from safety_service.processes.alive import show_alive
from safety_service.processes.present import show_presence
from safety_service.store import presence, stamps
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from tests.patience import until
from tests.services.process import free_port


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def says(*roles: str, fails: bool = False) -> str:
    result = CliRunner().invoke(cli.doorstep, ["alive", *roles])
    assert result.exit_code == (1 if fails else 0), result.output
    return result.output


async def test_while_it_lives_it_says_so_and_when_it_is_stopped_no_more() -> None:
    assert "Nothing was begun here" in says(fails=True)
    stopping = asyncio.Event()
    living = asyncio.create_task(show_alive(("bot", "scheduler"), stopping))
    await until((alive.FOLDER / "scheduler").exists)
    assert says() == "Alive: bot, scheduler.\n"
    assert says("bot") == "Alive: bot.\n"
    assert "web was not begun here" in says("web", fails=True)
    stopping.set()
    await living
    assert "Nothing was begun here" in says(fails=True)


def test_one_that_was_killed_is_not_taken_for_alive() -> None:
    alive.FOLDER.mkdir(parents=True)
    for role in ("bot", "scheduler"):
        (alive.FOLDER / role).touch()
    long_ago = time.time() - 2 * alive.LONGEST
    os.utime(alive.FOLDER / "scheduler", (long_ago, long_ago))
    assert "scheduler has not moved for" in says(fails=True)
    assert says("bot")


def test_a_web_server_that_does_not_answer_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    alive.FOLDER.mkdir(parents=True)
    (alive.FOLDER / "web").touch()
    monkeypatch.setenv("DOORSTEP_LISTEN", f"0.0.0.0:{free_port()}")
    assert "web does not answer at http://127.0.0.1:" in says(fails=True)


class _Well(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_no_proxy_is_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A county's containers have one for what is outside; it would say of each web server that it is not there."""
    alive.FOLDER.mkdir(parents=True)
    (alive.FOLDER / "web").touch()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with HTTPServer(("127.0.0.1", 0), _Well) as server:
        monkeypatch.setenv("DOORSTEP_LISTEN", f"0.0.0.0:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert says("web") == "Alive: web.\n"
        server.shutdown()


async def test_a_folder_that_cannot_be_written_is_said_once_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alive, "EVERY", 0.01)
    Path("var").touch()
    stopping = asyncio.Event()
    living = asyncio.create_task(show_alive(("bot",), stopping))
    await asyncio.sleep(0.1)
    Path("var").unlink()
    await until((alive.FOLDER / "bot").exists)
    stopping.set()
    await living
    assert caplog.text.count("cannot be written") == 1


async def roles_seen(database: Database) -> list[str]:
    async with database.reading() as tx:
        return [each.role for each in await presence.seen(tx)]


async def test_each_role_of_each_process_is_counted_until_it_stops(database: Database) -> None:
    stops = [asyncio.Event(), asyncio.Event()]
    works = [
        asyncio.create_task(show_presence(database, roles, f"a-rather-long-name-of-a-machine-{pid}:{pid}:abc", stop))
        for pid, (roles, stop) in enumerate(zip([("web", "scheduler"), ("scheduler",)], stops, strict=True))
    ]

    async def all_there() -> bool:
        return await roles_seen(database) == ["scheduler", "scheduler", "web"]

    await until(all_there)
    stops[0].set()
    await works[0]
    assert await roles_seen(database) == ["scheduler"]
    stops[1].set()
    await works[1]
    assert await roles_seen(database) == []


async def test_one_that_was_killed_is_forgotten(database: Database, clock: SetClock) -> None:
    async with database.transaction() as tx:
        await presence.here(tx, ["scheduler"], "one:1:a")
        await stamps.stamp(tx, "sweep")
    clock.move(presence.SEEN + timedelta(seconds=1))
    assert await roles_seen(database) == []
    clock.move(presence.FORGOTTEN)
    async with database.transaction() as tx:
        await presence.here(tx, ["scheduler"], "two:2:b")
        assert [each.name for each in await stamps.every(tx)] == ["process:scheduler:two:2:b", "sweep"]
