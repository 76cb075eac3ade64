"""Chance, from the seed alone. Each part has its own, so that what one draws changes nothing for the others."""

import random
from collections.abc import Callable
from hashlib import blake2b
from uuid import UUID


def chance(seed: int, *name: object) -> random.Random:
    """The dice of one part."""
    return random.Random(f"{seed}:{':'.join(str(each) for each in name)}")  # noqa: S311 (no secret)


def ids(seed: int) -> Callable[[], UUID]:
    """Ids that grow, as those of the service do, and are the same each time."""
    count = 0

    def make() -> UUID:
        nonlocal count
        count += 1
        tail = int.from_bytes(blake2b(f"{seed}:{count}".encode(), digest_size=8).digest(), "big")
        # The version and variant of UUIDv7, a counter where it has the time, and chance where it has chance.
        return UUID(int=count << 80 | 7 << 76 | 2 << 62 | tail >> 2)

    return make
