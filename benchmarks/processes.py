"""Real processes: `doorstep serve`, the sink, a floor; and how much of the processors each has used."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from benchmarks import usage
from benchmarks.ground import Ground
from benchmarks.usage import Used
from tests.services.process import free_port
from tests.services.run import ROOT
from tests.services.template import TEST_KEY

#: Seconds until a process has to answer, on a machine with much else to do.
STARTS_WITHIN = 180.0
ENDS_WITHIN = 20.0
#: The bot's.
TOKEN = "1:benchmark"
#: Characters of a process's log that a failure shows.
LAST = 3_000


class NotMeasured(Exception):
    """What was to be measured did not do its work; the notes have the end of each process's log."""


@dataclass(frozen=True)
class Server:
    """A process that serves HTTP, with all of its children."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def cpu_seconds(self) -> float:
        """What it and its children have used so far."""
        return usage.cpu_seconds(self.process.pid)

    def cpu_by_role(self) -> Used:
        """The same, by what each process is for."""
        return usage.cpu_by_role(self.process.pid)

    def memory_by_role(self) -> Used:
        """MiB, by what each process is for."""
        return usage.memory_by_role(self.process.pid)


@asynccontextmanager
async def doorstep(ground: Ground, database_url: str, sink: Server, **more: str) -> AsyncIterator[Server]:
    """The whole service as an agency would run it, with a bot whose Bot API is the sink; ready when this yields.

    `more`: other settings, by their variables.
    """
    port = free_port()
    settings = _settings(ground, database_url, sink) | more
    async with _serving(ground, _SERVE, port, "/health/ready", settings) as server:
        yield server


@asynccontextmanager
async def two_doorsteps(
    ground: Ground, database_url: str, sink: Server, second_roles: str = "web"
) -> AsyncIterator[tuple[Server, Server]]:
    """A whole service, and a second one that is there for these roles only: another web, or another scheduler."""
    first, second = free_port(), free_port()
    settings = _settings(ground, database_url, sink)
    some = [*_SERVE, "--roles", second_roles]
    async with (
        _serving(ground, _SERVE, first, "/health/ready", settings) as whole,
        _serving(ground, some, second, "/health/ready", settings) as other,
    ):
        yield whole, other


_SERVE = ("safety_service", "serve")


def _settings(ground: Ground, database_url: str, sink: Server) -> dict[str, str]:
    settings = {
        "DOORSTEP_DATABASE_URL": database_url,
        "DOORSTEP_SECRET_KEYS": TEST_KEY,
        "DOORSTEP_TELEGRAM_TOKEN": TOKEN,
        "DOORSTEP_TELEGRAM_API_URL": f"{sink.url}/bot",
        # The sink takes everything at once, and so we are measured and not Telegram's limit.
        "DOORSTEP_TELEGRAM_PER_SECOND": "100000",
        # It would fall into some measurements, and not into others.
        "DOORSTEP_CANARY": "off",
    }
    if database_url.startswith("postgresql") and ground.redis is not None:
        ground.redis.flush()
        settings["DOORSTEP_REDIS_URL"] = ground.redis.url
    return settings


@asynccontextmanager
async def sink(ground: Ground, *, hangs: Sequence[int] = ()) -> AsyncIterator[Server]:
    """A Bot API that takes everything, and never answers about the messages to some chats."""
    port = free_port()
    words = ["benchmarks.sink", "--port", str(port), *(word for each in hangs for word in ("--hangs", str(each)))]
    async with _serving(ground, words, port, "/stamps") as server:
        yield server


@asynccontextmanager
async def module(ground: Ground, *words: str) -> AsyncIterator[Server]:
    """A module of ours that serves on `--port` and answers something, be it 404."""
    port = free_port()
    async with _serving(ground, [*words, "--port", str(port)], port, "/") as server:
        yield server


async def run(ground: Ground, *words: str, within: float) -> Any:
    """What a module of ours that ends by itself writes to the file `--found`, as JSON."""
    found = ground.folder / "found.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *words, "--found", str(found), cwd=ground.folder, env=_environment()
    )
    try:
        await asyncio.wait_for(process.wait(), within)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotMeasured(f"{words[0]} ended with {process.returncode}")
    return json.loads(found.read_text())


@asynccontextmanager
async def _serving(
    ground: Ground, words: Sequence[str], port: int, ready: str, settings: dict[str, str] | None = None
) -> AsyncIterator[Server]:
    log = ground.folder / f"{words[0]}-{port}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ground.run.new_folder("process"),
            env=_environment() | (settings or {}) | {"DOORSTEP_LISTEN": f"127.0.0.1:{port}"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        await _until_ready(server, ready)
        yield server
    except Exception as error:
        error.add_note(f"The end of {log.name}:\n{_end_of(log)}")
        raise
    finally:
        await asyncio.to_thread(_end, process)


def _environment() -> dict[str, str]:
    """This one's, without settings that somebody has for another Doorstep."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    return own | {"PYTHONPATH": str(ROOT)}


async def _until_ready(server: Server, path: str) -> None:
    """Served, and (where it is a health page) well."""
    until = time.monotonic() + STARTS_WITHIN
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < until and server.process.poll() is None:
            try:
                async with session.get(server.url + path) as answer:
                    if answer.status < 500:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise NotMeasured(f"{server.log.name}: not ready (exit {server.process.poll()})")


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-LAST:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        for each in psutil.Process(process.pid).children(recursive=True):
            each.kill()
        process.kill()
        process.wait(ENDS_WITHIN)
