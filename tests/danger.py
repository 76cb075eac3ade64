"""Agreed words for tests, and a visit at high risk."""

from __future__ import annotations

from typing import Any

from safety_service.actions import phrases
from safety_service.domain.phrases import Phrases, Tap
from safety_service.store import phrases as kept
from safety_service.store.visits import VisitRow
from tests.world import World

OWN, DURESS, DECOYS = "tulip", "harbour", ("kettle", "marble")


async def agreed(world: World, who: str = "Ann", *, tap: Tap = Tap.NONE, code: str = "") -> None:
    """Somebody has words of their own, the same each time."""
    words = Phrases(own=OWN, duress=DURESS, decoys=DECOYS, tap=tap, code=code)
    async with world.database.transaction() as tx:
        await kept.put(tx, world.ids[who], words)


async def chose(world: World, who: str = "Ann", **more: Any) -> None:
    """Somebody sets their words as the page does."""
    given: dict[str, Any] = {"own": OWN, "duress": DURESS, "tap": Tap.NONE, "code": "", **more}
    await world.do(who, phrases.choose, **given)


async def inside_high(world: World, who: str = "Ann", **more: Any) -> VisitRow:
    """Behind a door at high risk."""
    return await world.inside(who, answers={"raise": "yes"}, **more)
