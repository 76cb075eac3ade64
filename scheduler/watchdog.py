"""The watchdog: a thread apart from the event loop, which ends a process whose watch stands still.

The parent starts it again. Better a few seconds without a watch than a watch that only looks alive.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds of standing still that are no longer patience.
PATIENCE = 15.0
#: Seconds between two looks.
LOOK_EVERY = 1.0
#: What a process that was stalled exits with: the parent knows it by this.
STALLED = 70


class Progress:
    """Counts what was brought to an end: written on the event loop, read by the watchdog's thread."""

    def __init__(self) -> None:
        self.count = 0

    def mark(self) -> None:
        """One more piece of work was brought to an end, or could rightly not be."""
        self.count += 1


class Watchdog:
    """Ends the process when `progress` has not moved for `patience` seconds.

    It counts only time in which it ran itself: a process that was suspended, or a machine that slept, wakes to
    find its patience as it was, and the gap is owned up to (P7) instead.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        what: str,
        patience: float = PATIENCE,
        every: float = LOOK_EVERY,
        end: Callable[[str], None] | None = None,
    ) -> None:
        self._progress = progress
        self._what = what
        self._patience = patience
        self._every = every
        self._end = end or end_process
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """The process ends on purpose."""
        self._stopped.set()

    def _watch(self) -> None:
        seen, still, looked = self._progress.count, 0.0, time.monotonic()
        while not self._stopped.wait(self._every):
            now = time.monotonic()
            awake = min(now - looked, 2 * self._every)
            looked = now
            if self._progress.count != seen:
                seen, still = self._progress.count, 0.0
                continue
            still += awake
            if still >= self._patience:
                self._end(f"{self._what} stood still for {still:.0f} s: this process ends, to be started again")
                return


def end_process(why: str) -> None:
    """Say why, with all stacks, and be gone. Nothing that hangs may hang this: it ends before long in any case."""
    threading.Timer(2.0, os._exit, [STALLED]).start()
    try:
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
        log.critical("%s", why)
    finally:
        sys.stderr.flush()
        os._exit(STALLED)


async def beat(progress: Progress, every: float = LOOK_EVERY) -> None:
    """For processes without a sweep: the event loop itself is what is watched."""
    while True:
        progress.mark()
        await asyncio.sleep(every)
