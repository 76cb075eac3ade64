"""What can wait does, while alarms are on their way: in a storm of ten thousand it took a third of the process."""

import time
from collections.abc import Callable

from scheduler.ticker import Job

#: Seconds for which a storm keeps a job waiting, at the most.
LONGEST = 60.0


class Calm:
    """`stormy`: whether alarms are being raised or handed over, and there are more than can be at once."""

    def __init__(self, stormy: Callable[[], bool], steady: Callable[[], float] = time.monotonic) -> None:
        self._stormy = stormy
        self._steady = steady

    def waits(self, job: Job) -> Job:
        """The same job, which passes its turn in a storm, until it was not done for too long."""
        done_at = self._steady()

        async def run() -> None:
            nonlocal done_at
            if self._stormy() and self._steady() - done_at < LONGEST:
                return
            done_at = self._steady()
            await job()

        return run
