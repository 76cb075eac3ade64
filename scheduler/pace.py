"""How many due things one transaction takes on."""

#: Until a batch commits, words about what is in it wait. A batch of these takes a quarter of a second or so.
MOST = 256
#: The first batch of a process: on a machine that is slow just now, a large one might never come to its end.
FIRST = 8
#: How much larger the next one is: what is read for all costs hardly more for more of them.
GROWS = 4
#: Seconds that a batch should take at most.
GOOD = 0.25
#: Seconds after which the next one is smaller.
SLOW = 0.75


class Pace:
    """As many as fit into a second or so, as far as is known by now."""

    def __init__(self, most: int = MOST, first: int = FIRST) -> None:
        self._most = most
        self.size = min(first, most)

    def took(self, seconds: float) -> None:
        """A full batch took so long."""
        if seconds > SLOW:
            self.size = max(1, self.size // 2)
        elif seconds < GOOD:
            self.size = min(self._most, self.size * GROWS)

    def given_up(self) -> None:
        """A batch did not come to its end: the same one would take as long again, and nothing would ever be done."""
        self.size = max(1, self.size // 4)
