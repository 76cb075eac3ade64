"""Programs that the tests need: found on this machine, or installed from the system's packages when we may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.services.run import Run, UnavailableError

MINUTES = 60


def find_or_install(run: Run, what: str, package: str, find: Callable[[], Path | None]) -> Path:
    """One installation at a time, so that two workers never meet in apt."""
    found = find()
    if found:
        return found
    with run.lock("install"):
        _install(run, what, package)
    found = find()
    if not found:
        raise UnavailableError(f"{what} is not here, and not after installing {package} either")
    return found


def first_in_path(*names: str) -> Path | None:
    for name in names:
        path = shutil.which(name)
        if path:
            return Path(path)
    return None


def _install(run: Run, what: str, package: str) -> None:
    if not shutil.which("apt-get"):
        raise UnavailableError(f"{what} is not here, and without apt-get it cannot be installed: install {package}")
    if os.geteuid() != 0:
        raise UnavailableError(f"{what} is not here, and only root may install it: apt-get install {package}")
    updated = run.folder / "apt-updated"
    if not updated.exists():
        _apt("update")
        updated.touch()
    _apt("install", "-y", "--no-install-recommends", package)


def _apt(*words: str) -> None:
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *words]
    # Run level 1: what comes as a service is installed and not started; the tests start their own.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=10 * MINUTES)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as why:
        said = str(why.stderr or why).strip().splitlines()
        raise UnavailableError(f"{' '.join(command)} failed: {said[-1] if said else why}") from why
