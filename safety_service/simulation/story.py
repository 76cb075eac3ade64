"""What happened, line by line: its end for whoever reads of a failure, its digest for whoever compares two runs."""

from collections import Counter, deque
from hashlib import blake2b

#: Lines that are kept for the report.
KEPT = 60


class Story:
    """Lines in order. `step` numbers them."""

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=16)
        self._last: deque[str] = deque(maxlen=KEPT)
        self.step = 0
        self.counts: Counter[str] = Counter()

    def tell(self, at: float, what: str, about: str = "") -> None:
        """Add a line: when, what kind of thing, about whom or what."""
        self.step += 1
        self.counts[what] += 1
        line = f"{self.step:>7} {_clock(at)} {what}{' ' if about else ''}{about}"
        self._digest.update(line.encode())
        self._last.append(line)

    @property
    def digest(self) -> str:
        """The same for the same lines, and for no others."""
        return self._digest.hexdigest()

    @property
    def last(self) -> list[str]:
        """The last lines."""
        return list(self._last)


def _clock(at: float) -> str:
    hours, rest = divmod(at, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{int(hours):02}:{int(minutes):02}:{seconds:06.3f}"
