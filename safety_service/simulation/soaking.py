"""Day after day, each with a seed of its own, until the time is over or a promise is broken."""

import secrets
import time
from collections.abc import Callable

from safety_service.simulation.day import Lived, live
from safety_service.simulation.worker import LIVELY, Manner

#: Seeds are short enough to be typed again.
SEEDS = 1_000_000


def soak(
    seed: int | None,
    hours: float,
    workers: int,
    seconds: float,
    *,
    show: Callable[[Lived], None],
    manner: Manner = LIVELY,
) -> Lived:
    """Live this day, and others for so many seconds; each is shown. Gives the last, or the first that was broken."""
    until = time.monotonic() + seconds
    while True:
        lived = live(secrets.randbelow(SEEDS) if seed is None else seed, hours, workers=workers, manner=manner)
        show(lived)
        if lived.broken is not None or time.monotonic() >= until:
            return lived
        seed = None
