"""Who speaks is told that nobody hears when that is so for more than a moment, and not of one failure and another."""

from __future__ import annotations

from typing import Any

import pytest

from bots.telegram import taking
from bots.telegram.taking import APART, Taking
from safety_service.store.database import Tx
from safety_service.store.errors import DatabaseAway
from tests.world import World


class Told:
    """Who was told, each once until something is kept again."""

    def __init__(self) -> None:
        self.said, self.known = 0, False

    def say(self, updates: list[dict[str, Any]]) -> None:
        self.said += not self.known
        self.known = True

    def kept(self) -> None:
        self.known = False


async def take(_tx: Tx, _update: Any, _hearing: Any) -> None:
    """Nothing comes of it here."""


async def test_two_passing_failures_long_apart_are_not_one_and_each_long_one_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several processes that share the webhook this one hears now and then; others keep what it could not."""
    now, told = 1000.0, Told()
    monkeypatch.setattr(taking, "_steady", lambda: now)
    here = Taking(world.database, take, told, own_up_after=5.0)

    async def fails_after(seconds: float) -> int:
        nonlocal now
        now += seconds

        async def work(_tx: Tx) -> None:
            raise DatabaseAway("for a moment")

        with pytest.raises(DatabaseAway):
            await here.keep([{"update_id": 1}], work)
        return told.said

    assert await fails_after(0) == 0
    assert await fails_after(3600) == 0
    assert [await fails_after(3), await fails_after(3), await fails_after(3)] == [0, 1, 1]
    assert await fails_after(APART) == 1, "still the same, and said"
    assert await fails_after(3600) == 1
    assert await fails_after(6) == 2, "another, of which nobody was told yet"
