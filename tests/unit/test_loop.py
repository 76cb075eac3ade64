"""The event loop of every process: uvloop where it can be had, and said in the log where it should be and is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Prints which loop its work is on.
SHOWS = """
import asyncio, logging, sys
if {hidden}:
    sys.modules["uvloop"] = None
from safety_service.processes import loop
logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s")
async def main(stopping):
    print(type(asyncio.get_running_loop()).__module__.partition(".")[0])
loop.run(main, lifeline=False)
"""


def shown(*, hidden: bool) -> str:
    """In a process of its own: a loop takes over the process's signals."""
    words = [sys.executable, "-c", SHOWS.format(hidden=hidden)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_a_process_runs_on_uvloop_and_says_nothing_of_it() -> None:
    assert shown(hidden=False).split() == ["uvloop"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
def test_where_it_is_missing_the_process_runs_all_the_same_and_the_log_says_so() -> None:
    said, loop = shown(hidden=True).splitlines()
    assert loop == "asyncio"
    assert said.startswith("WARNING uvloop cannot be used (")
