"""A real PostgreSQL for the tests: found or installed, its own data folder and port, no care for its disk."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.services.install import find_or_install, first_in_path
from tests.services.process import free_port, run_as
from tests.services.run import Run

OWNER = "doorstep"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    # A test kills the server: what it said was committed must by then have left its memory.
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class PostgresServer:
    """Keeps its port for life: stopped or killed by a test, it comes back where it was, with its data."""

    programs: Path
    folder: Path
    port: int

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        # After a kill the last server's processes need a moment to be gone, and say so.
        tries = 5
        for left in reversed(range(tries)):
            try:
                self._control("start", "-l", str(self.folder / "postgres.log"), "-o", f"-p {self.port}")
            except RuntimeError:
                if not left:
                    raise
                time.sleep(0.3)
            else:
                return

    def running(self) -> bool:
        return (self.folder / "data/postmaster.pid").exists()

    def stop(self) -> None:
        self._control("stop", "-m", "fast")

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """As when the power goes: no goodbye to anybody."""
        postmaster = psutil.Process(int((self.folder / "data/postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children()]
        postmaster.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)

    def create(self) -> None:
        data = str(self.folder / "data")
        run_as(
            _user(),
            [
                str(self.programs / "initdb"),
                *("-D", data, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C"),
                *("--no-sync", "--no-instructions"),
            ],
            cwd=self.folder,
        )
        with (self.folder / "data/postgresql.conf").open("a") as settings:
            settings.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())

    def _control(self, *words: str) -> None:
        command = [str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-t", "30", *words]
        run_as(_user(), command, cwd=self.folder)


def shared_postgres(run: Run) -> PostgresServer:
    """The one that all workers of this run use, each test in a database of its own."""

    def make() -> dict[str, str]:
        server = new_postgres(run)
        return {"programs": str(server.programs), "folder": str(server.folder), "port": str(server.port)}

    known = run.once("postgres", make)
    return PostgresServer(Path(known["programs"]), Path(known["folder"]), int(known["port"]))


def new_postgres(run: Run) -> PostgresServer:
    """One for the caller alone, who may stop and kill it."""
    programs = find_or_install(run, "PostgreSQL", "postgresql", find_programs)
    folder = run.new_folder("postgres")
    user = _user()
    if user:
        shutil.chown(folder, user)
    server = PostgresServer(programs, folder, free_port())
    server.create()
    server.start()
    return server


def find_programs() -> Path | None:
    """The folder with initdb and pg_ctl: where PATH leads, or the newest of Debian's."""
    in_path = first_in_path("initdb")
    if in_path:
        in_path = in_path.resolve().parent
        if (in_path / "pg_ctl").exists():
            return in_path
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0), default=None)
    return newest.parent if newest else None


def _user() -> str | None:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
