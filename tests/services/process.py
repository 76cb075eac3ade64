"""Processes that outlive the worker who started them, and the end of them all."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psutil

QUIET = subprocess.DEVNULL
# Held, because Python warns of a process that runs on with nobody holding it.
STARTED: list[subprocess.Popen[bytes]] = []


def start_apart(command: list[str], cwd: Path) -> subprocess.Popen[bytes]:
    """Neither a worker's end nor Ctrl-C reaches it, and it holds none of our files open."""
    started = subprocess.Popen(command, cwd=cwd, stdin=QUIET, stdout=QUIET, stderr=QUIET, start_new_session=True)
    STARTED.append(started)
    return started


def run_as(user: str | None, command: list[str], cwd: Path) -> None:
    """Runs to the end, with a plain environment; what it said is in the error if it fails."""
    group = pwd.getpwnam(user).pw_gid if user else None
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    groups: list[int] | None = [] if user else None
    with (cwd / "said.log").open("w+b") as said:
        # A file, not a pipe: a server that stays behind would hold a pipe open for ever.
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=QUIET,
            stdout=said,
            stderr=said,
            user=user,
            group=group,
            extra_groups=groups,
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{Path(command[0]).name}: exit {done.returncode}: {said.read().decode().strip()}")


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def end_everything_in(folder: Path) -> None:
    """Every service works inside its run's folder: whoever works there was started by that run."""
    left = _working_in(folder)
    for process in left:
        _ask_to_end(process)
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    shutil.rmtree(folder, ignore_errors=True)


def _working_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            inside = Path(process.cwd()).is_relative_to(folder.resolve())
        except (psutil.Error, OSError):
            continue
        if inside and process.pid != os.getpid():
            found.append(process)
    return found


def _ask_to_end(process: psutil.Process) -> None:
    try:
        # To PostgreSQL SIGQUIT means: at once, and give the shared memory back.
        process.send_signal(signal.SIGQUIT if process.name() == "postgres" else signal.SIGTERM)
    except psutil.NoSuchProcess:
        return
