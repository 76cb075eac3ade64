"""Which sweeps find that what is due is in somebody else's hands: they look less often, and a little later."""

import math
import time
from collections.abc import Callable, Collection

#: Seconds for which such a sweep is left out: the first time not at all (a word holds its visit for a moment), then for
#: longer. Two schedulers in one storm, each of which looked twenty times a second, were slower than one.
LEFT_OUT = (0.0, 0.1, 0.25)


class Others:
    """Of each sweep how often, one time after the other, it did nothing although something was due."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._in_vain: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def note(self, due: Collection[str], did: Collection[str]) -> None:
        """These had something due, and these of them did some of it."""
        for name in due:
            times = 0 if name in did else self._in_vain.get(name, 0) + 1
            self._in_vain[name] = times
            seconds = LEFT_OUT[min(times, len(LEFT_OUT)) - 1] if times else 0.0
            self._until[name] = self._steady() + seconds

    def have(self, name: str) -> bool:
        """Whether this sweep is left out just now."""
        return self._steady() < self._until.get(name, -math.inf)

    @property
    def next_at(self) -> float:
        """When the next of those that are left out is not any more, by the steady clock."""
        now = self._steady()
        return min((until for until in self._until.values() if until > now), default=math.inf)
