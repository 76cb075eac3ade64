"""How many due things one transaction takes on. Each sweep has a pace of its own: the slow one slows no other."""

import time
from collections.abc import Callable

#: Until a batch commits, words about what is in it wait. A batch of these takes a quarter of a second or so.
MOST = 256
#: The first batch of a process: on a machine that is slow just now, a large one might never come to its end.
FIRST = 8
#: How much larger the next one is: what is read for all costs hardly more for more of them.
GROWS = 2
#: Seconds that a batch should take at most.
GOOD = 0.25
#: Seconds after which the next one is smaller.
SLOW = 0.75
#: Seconds after which a sweep that goes on one by one keeps what is done: a cry for help may wait for what it holds.
LASTS = 0.3
#: Seconds for which a size that took too long is not tried again.
REMEMBERS = 60.0


class Pace:
    """As many as fit into a second or so, as far as is known by now."""

    def __init__(self, most: int = MOST, first: int = FIRST, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._steady = steady
        self._too_many: int | None = None
        self._until = 0.0
        self.size = min(first, most)

    def more(self, seconds: float, done: int) -> bool:
        """Whether more may be due: a batch of this size was full, or lasted so long that it may have ended for that."""
        return done == self.size or (done > 0 and seconds >= LASTS)

    def took(self, seconds: float, done: int) -> None:
        """A batch of this size took so long, or so many of it did."""
        if seconds > SLOW:
            self._smaller(2)
        if done < self.size:
            # The others were held for nothing.
            self.size = max(1, done)
        elif seconds < GOOD and self._may_be(self.size * GROWS):
            self.size = min(self._most, self.size * GROWS)

    def given_up(self) -> bool:
        """A batch did not come to its end: the same one would take as long again, and nothing would ever be done.

        Whether the next one is smaller.
        """
        before = self.size
        self._smaller(4)
        return self.size < before

    def _smaller(self, by: int) -> None:
        self._too_many, self._until = self.size, self._steady() + REMEMBERS
        self.size = max(1, self.size // by)

    def _may_be(self, size: int) -> bool:
        """Else it would come to what is undone for its length, and begin to grow, again and again."""
        return self._too_many is None or size < self._too_many or self._steady() >= self._until
