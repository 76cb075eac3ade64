"""How long to wait before something that ended is begun again."""

import time

#: Seconds before the first new beginning, and at most.
FIRST = 0.2
LONGEST = 10.0
#: Seconds of life after which the next end counts as the first.
PROVEN = 60.0


class Backoff:
    """Doubles from one end to the next, until something has lived for a while."""

    def __init__(self) -> None:
        self._next = FIRST
        self._began = time.monotonic()

    def begun(self) -> None:
        """It is begun now."""
        self._began = time.monotonic()

    def ended(self) -> float:
        """It has ended: gives the seconds to wait."""
        if time.monotonic() - self._began >= PROVEN:
            self._next = FIRST
        wait, self._next = self._next, min(self._next * 2, LONGEST)
        return wait
