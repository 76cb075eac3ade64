"""What is typed into the pages of visits, and what they answer."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from tests.world import MINUTE, World

HIGH = {"raise": "yes"}


LONDON = ZoneInfo("Europe/London")


def typed(world: World, **more: Any) -> dict[str, Any]:
    """A plan as it is typed for a family that nobody knows yet."""
    local = (world.now + 60 * MINUTE).astimezone(LONDON)
    plain = {
        "ref.own": "F-9",
        "starts": f"{local:%Y-%m-%dT%H:%M}",
        "length": "45",
        "address": "4 Hill Road",
        "purpose": "home_visit",
        "hostility": "none",
        "news": "none",
        "joint": "alone",
        "transport": "car",
        "exit": "two_ways",
    }
    return {**plain, **more}
