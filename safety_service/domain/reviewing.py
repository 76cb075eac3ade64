"""Which debriefs are read by somebody: difficult ones all, quiet ones as a drawn sample."""

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Filing:
    """What becomes of a debrief that was given. `chased`: whoever is to review it is asked until it is done."""

    review: Literal["filed", "wanted"]
    sampled: bool
    chased: bool


def filing(debrief_id: UUID, *, severity: str, urgent: bool, sample: float) -> Filing:
    """A difficult one waits for a review; a quiet one files itself, unless the sample draws it."""
    if severity != "none" or urgent:
        return Filing("wanted", sampled=False, chased=True)
    if drawn(debrief_id, sample):
        return Filing("wanted", sampled=True, chased=False)
    return Filing("filed", sampled=False, chased=False)


def drawn(debrief_id: UUID, sample: float) -> bool:
    """Whether the sample holds it: the id decides, so that nobody can choose, and the answer stays the same."""
    place = int.from_bytes(hashlib.sha256(debrief_id.bytes).digest()[:8])
    return place < sample * 2**64
