"""Two real PostgreSQL servers: a primary, and a standby that confirms each commit."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from tests.services.install import find_or_install
from tests.services.postgres import OWNER, PostgresServer, _user, find_programs
from tests.services.process import free_port, run_as
from tests.services.run import Run

_STREAMS = {"wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on"}


@dataclass(frozen=True)
class Pair:
    """`first` begins as the primary; a test kills, freezes and promotes as it likes."""

    first: PostgresServer
    second: PostgresServer

    def url(self, database: str = "postgres", servers: tuple[PostgresServer, ...] = ()) -> str:
        """The address that names both."""
        named = ",".join(f"127.0.0.1:{each.port}" for each in servers or (self.first, self.second))
        return f"postgresql://{OWNER}@{named}/{database}"

    def promote(self) -> None:
        """The standby becomes the primary."""
        self.second._control("promote")

    async def synchronous(self, names: str = "*") -> None:
        """The first waits for its standby with each commit; with no names it does not."""
        await on(self.first, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()")

    def end(self) -> None:
        """Both stop, in whatever state they are."""
        for each in (self.first, self.second):
            with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):
                thaw(each)
                each.kill()


async def on(server: PostgresServer, *statements: str) -> None:
    """Do this as an administrator, each by itself."""
    connection = await asyncpg.connect(server.url(), timeout=10)
    try:
        for each in statements:
            await connection.execute(each)
    finally:
        await connection.close()


def freeze(server: PostgresServer) -> None:
    """It stands still: the kernel takes connections for it, and nothing answers."""
    for each in family(server):
        each.suspend()


def thaw(server: PostgresServer) -> None:
    """It goes on where it stood still."""
    for each in family(server):
        each.resume()


def family(server: PostgresServer) -> list[psutil.Process]:
    """Its processes, the first of all in front."""
    postmaster = psutil.Process(int((server.folder / "data/postmaster.pid").read_text().split()[0]))
    return [postmaster, *postmaster.children()]


def new_pair(run: Run) -> Pair:
    """Both at work, the second streaming from the first; commits wait for it once `synchronous` is called."""
    programs = find_or_install(run, "PostgreSQL", "postgresql", find_programs)
    first, second = _server(run, programs), _server(run, programs)
    first.create()
    with (first.folder / "data/postgresql.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _STREAMS.items())
    first.start()
    copy = [str(programs / "pg_basebackup"), "-D", str(second.folder / "data"), "-U", OWNER, "-h", "127.0.0.1"]
    run_as(_user(), [*copy, "-p", str(first.port), "-R", "-X", "stream", "-c", "fast", "--no-sync"], cwd=second.folder)
    second.start()
    return Pair(first, second)


def _server(run: Run, programs: Path) -> PostgresServer:
    folder = run.new_folder("postgres")
    if user := _user():
        shutil.chown(folder, user)
    return PostgresServer(programs, folder, free_port())
