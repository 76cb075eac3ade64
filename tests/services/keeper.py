"""Waits until the test run's owner is gone, however it went, and ends what it left.

Started as `keeper.py ROOT OWNER` in the run's folder; OWNER is a process id.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil


def main(root: str, owner: int) -> None:
    folder = Path.cwd()
    while _alive(owner) and folder.exists():
        time.sleep(0.5)
    sys.path.insert(0, root)
    from tests.services.process import end_everything_in

    os.chdir("/")
    end_everything_in(folder)


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
