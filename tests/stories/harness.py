"""A real `doorstep serve` for a test: its processes, its clock, its crashes, and what it said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import psutil
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store import sealing
from safety_service.store.clock import OFFSET_FILE, DatabaseClock
from safety_service.store.crash import CRASH_AT, HANG
from safety_service.store.database import Database
from safety_service.store.sealing import KeyRing
from tests.patience import until
from tests.services.process import free_port
from tests.services.template import TEST_KEY

#: Seconds until a service has to be ready, or gone.
READY_WITHIN = 180.0
GONE_WITHIN = 60.0


@dataclass
class Service:
    """`doorstep serve` in a folder of its own. Begin with `start`; in the end `stop`, or leave `serving`."""

    folder: Path
    database_url: str
    more: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()
    #: What is run as `doorstep`; a test of an upgrade runs another version of it.
    program: str = "safety_service"
    port: int = field(default_factory=free_port)
    _skipped: float = 0.0
    _stepped: float = 0.0
    _slept: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it serves HTTP."""
        return f"http://127.0.0.1:{self.port}"

    # Its life

    async def start(self, *, ready: bool = True) -> None:
        """Start it (again), and wait until it is ready."""
        assert self._process is None or self._process.poll() is not None, "it runs already"
        self._write_clock()
        with self._log("out").open("ab") as out, self._log("err").open("ab") as err:
            command = [sys.executable, "-m", self.program, "serve", *self.words]
            self._process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        if ready:
            await self.ready()

    async def ready(self, within: float = READY_WITHIN) -> None:
        """Wait until it keeps the watch."""
        try:
            await until(self._is_ready, within, every=0.05)
        except AssertionError:
            raise AssertionError(f"not ready within {within} s; it said:\n{self.said()}") from None

    async def stop(self) -> int:
        """Ask it to stop, as an administrator does; gives the exit code."""
        self.parent.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self, within: float = GONE_WITHIN) -> int:
        """Wait until the parent has ended; gives the exit code."""
        process = self._process
        assert process is not None
        await until(lambda: process.poll() is not None, within)
        return process.returncode

    def kill(self) -> None:
        """Kill every process of it at once, as when the power goes."""
        if self._process is None or self._process.poll() is not None:
            return
        family = [self.parent, *self.parent.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait()
        psutil.wait_procs(family[1:], timeout=GONE_WITHIN)

    # Its processes

    @property
    def parent(self) -> psutil.Process:
        """The parent of all."""
        assert self._process is not None, "it was not started"
        return psutil.Process(self._process.pid)

    def children(self) -> dict[str, psutil.Process]:
        """Every child by its roles, such as `web` or `web,bot,scheduler`."""
        found = {}
        for each in self.parent.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                words = each.cmdline()
                if "--child" in words:
                    found[words[words.index("--child") + 1]] = each
        return found

    def child(self, role: str) -> psutil.Process:
        """The child that has this role."""
        return next(each for roles, each in self.children().items() if role in roles.split(","))

    async def other_child(self, role: str, than: int, within: float = READY_WITHIN) -> psutil.Process:
        """Wait until this role is another process than the one with this id."""

        def is_other() -> bool:
            return any(role in roles.split(",") and each.pid != than for roles, each in self.children().items())

        await until(is_other, within, every=0.05)
        return self.child(role)

    # What an administrator types on its machine

    async def command(self, *words: str) -> str:
        """Run `doorstep` with these words beside it, and give what it printed; it has to end well."""
        run = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", self.program, *words),
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        printed, complained = await run.communicate()
        assert run.returncode == 0, f"doorstep {' '.join(words)}: {complained.decode()}"
        return printed.decode()

    # Its time, and its end

    def skip(self, seconds: float) -> None:
        """Let this time have passed, at once, for all of its processes."""
        self._skipped += seconds
        self._write_clock()

    def step_clock(self, seconds: float) -> None:
        """Set its clock, as an administrator may; no time passes by that."""
        self._stepped += seconds
        self._write_clock()

    def sleep(self, seconds: float) -> None:
        """Let its machine have slept for so long: clocks went on, and nothing ran."""
        self._slept += seconds
        self._write_clock()

    def crash_at(self, point: str) -> None:
        """The first process that comes to this point dies there, once."""
        self._write("crash", point)

    def hang_at(self, point: str) -> None:
        """The first process that comes to this point hangs there."""
        self._write("crash", HANG + point)

    async def crashed(self, within: float = READY_WITHIN) -> None:
        """Wait until a process has come to the point."""
        await until(lambda: not (self.folder / "crash").exists(), within)

    # What can be seen of it

    def said(self) -> str:
        """All that it printed and logged."""
        return self._log("out").read_text() + self._log("err").read_text()

    def printed(self) -> str:
        """All that it printed."""
        return self._log("out").read_text()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """Its database, read and written from here by its clock."""
        sealing.use(KeyRing([TEST_KEY]))
        opened = await Database.open(self.database_url, clock=_Clock(self), pool_size=2)
        try:
            yield opened
        finally:
            await opened.close()

    @property
    def ahead(self) -> timedelta:
        """By how much its clock goes before ours."""
        return timedelta(seconds=self._skipped + self._stepped + self._slept)

    async def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"it ended with {self._process.returncode} and said:\n{self.said()}"
        try:
            async with aiohttp.ClientSession() as outside, outside.get(f"{self.url}/health/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
        return {
            **ours,
            "DOORSTEP_DATABASE_URL": self.database_url,
            "DOORSTEP_LISTEN": f"127.0.0.1:{self.port}",
            "DOORSTEP_SECRET_KEYS": TEST_KEY,
            # A test counts what it did itself; one that wants a canary says so.
            "DOORSTEP_CANARY": "off",
            OFFSET_FILE: str(self.folder / "clock"),
            CRASH_AT: str(self.folder / "crash"),
            **self.more,
        }

    def _log(self, name: str) -> Path:
        log = self.folder / f"{name}.log"
        log.touch()
        return log

    def _write_clock(self) -> None:
        self._write("clock", f"{self._skipped} {self._stepped} {self._slept}")

    def _write(self, name: str, text: str) -> None:
        """At once and whole: its processes may read at any moment."""
        half = self.folder / f"{name}.half"
        half.write_text(text)
        half.replace(self.folder / name)


class _Clock(DatabaseClock):
    """The clock of a service, for the test that looks into its database."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def now(self, conn: AsyncConnection) -> datetime:
        return await super().now(conn) + self._service.ahead


@asynccontextmanager
async def serving(
    folder: Path,
    database_url: str,
    *,
    policy: str | None = None,
    telegram_url: str | None = None,
    telegram_token: str = "1:test",
    redis_url: str | None = None,
    roles: str | None = None,
    demo: bool = False,
    start: bool = True,
    **more: str,
) -> AsyncIterator[Service]:
    """A service, ready unless `start` is false, that is gone in the end however the test went.

    `policy`: a policy file's text. `telegram_url`: where a Bot API is served. `more`: other settings by their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if policy is not None:
        (folder / "policy.toml").write_text(policy)
        more["DOORSTEP_POLICY"] = str(folder / "policy.toml")
    if telegram_url is not None:
        more |= {"DOORSTEP_TELEGRAM_API_URL": telegram_url, "DOORSTEP_TELEGRAM_TOKEN": telegram_token}
    if redis_url is not None:
        more["DOORSTEP_REDIS_URL"] = redis_url
    words = [*(["--roles", roles] if roles else []), *(["--demo"] if demo else [])]
    service = Service(folder, database_url, more, words)
    try:
        if start:
            await service.start()
        yield service
    finally:
        service.kill()
        await asyncio.sleep(0)
