"""One test run: a folder that all its workers share, and the end of everything that was started in it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock

from tests.services.process import end_everything_in, start_apart

ROOT = Path(__file__).resolve().parents[2]
#: Bytes. What the databases of four workers and their servers' journals hold at most, with room to spare.
ENOUGH = 3 * 2**30


class UnavailableError(Exception):
    """A service can be had neither way: not found here, and not to be installed. Says which and why."""


@dataclass(frozen=True)
class Run:
    """Begun and ended by the controller (or the only process); a worker knows it by its folder."""

    folder: Path

    @classmethod
    def begin(cls, where: Path | None = None) -> Run:
        folder = Path(tempfile.mkdtemp(prefix="doorstep-tests-", dir=where or _where_others_may_read())).resolve()
        folder.chmod(0o755)
        (folder / "owner").write_text(str(os.getpid()))
        return cls(folder)

    def end(self) -> None:
        end_everything_in(self.folder)

    def once(self, name: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
        """What `make` gave the first worker who asked; the others read it. So too when it is not to be had."""
        answer = self.folder / f"{name}.json"
        with self.lock(name):
            if not answer.exists():
                _write(answer, self._made(make))
        known: dict[str, str] = json.loads(answer.read_text())
        if "unavailable" in known:
            raise UnavailableError(known["unavailable"])
        return known

    def lock(self, name: str) -> FileLock:
        return FileLock(self.folder / f"{name}.lock")

    def new_folder(self, name: str) -> Path:
        self.watch()
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))

    def watch(self) -> None:
        """Starts the keeper, who ends everything should the controller be killed before it could."""
        with self.lock("keeper"):
            started = self.folder / "keeper.started"
            if not started.exists():
                keeper = str(Path(__file__).with_name("keeper.py"))
                owner = (self.folder / "owner").read_text()
                start_apart([sys.executable, keeper, str(ROOT), owner], cwd=self.folder)
                started.touch()

    @staticmethod
    def _made(make: Callable[[], dict[str, str]]) -> dict[str, str]:
        try:
            return make()
        except UnavailableError as why:
            return {"unavailable": str(why)}


def in_memory() -> Path | None:
    """A folder that is no disk, where there is room in one: half the work of making databases is the disk's."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return None
    room = min(shutil.disk_usage(memory).free, psutil.virtual_memory().available // 2)
    return memory if room > ENOUGH else None


def _write(path: Path, known: dict[str, str]) -> None:
    half = path.with_suffix(".half")
    half.write_text(json.dumps(known))
    half.replace(path)


def _where_others_may_read() -> str | None:
    """PostgreSQL runs as another user when we are root, and must be able to get to its folder."""
    usual = Path(tempfile.gettempdir()).resolve()
    if all(step.stat().st_mode & 0o001 for step in (usual, *usual.parents)):
        return None
    return "/tmp"
