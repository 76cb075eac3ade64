"""Waiting after a failure: longer each time, never in step with others, and said once."""

from __future__ import annotations

import asyncio
import logging
import random

FIRST = 0.25  # seconds
LONGEST = 5.0  # seconds: people wait to be heard


class Patience:
    """Counts the failures of one thing that is tried again and again."""

    def __init__(self, log: logging.Logger, what: str, *, longest: float = LONGEST) -> None:
        self._log = log
        self._what = what
        self._longest = longest
        self._failures = 0
        self._said = ""

    async def failed(self, reason: str, *, at_least: float = 0.0) -> None:
        """Say what is wrong, once for each reason, and wait: at least so many seconds if the other side asks for it."""
        if reason != self._said:
            self._log.error("%s: %s. It is tried again until it works.", self._what, reason)
            self._said = reason
        pause = min(self._longest, FIRST * 2 ** min(self._failures, 10))
        self._failures += 1
        # Half of it is left to chance, so that many who failed together do not come back together.
        await asyncio.sleep(max(at_least, pause * random.uniform(0.5, 1.0)))  # noqa: S311 (no secret)

    def worked(self) -> None:
        """It works (again)."""
        if self._failures:
            self._log.warning("%s: works again after %d failures.", self._what, self._failures)
        self._failures = 0
        self._said = ""
