"""While nothing can be kept, managers and administrators are told past the outbox: soon, and not too often."""

import pytest

from safety_service.store.outbox import Outgoing
from scheduler.outcry import AGAIN, PATIENCE, Outcry
from tests.world import World


class Trouble:
    """Time since nothing could be kept, and what was said of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seconds = 1000.0
        self.since: float | None = None
        self.said: list[Outgoing] = []
        self.takes = True
        self.outcry = Outcry(world.database, lambda: self.since, self.say, steady=lambda: self.seconds)

    async def say(self, messages: list[Outgoing]) -> int:
        self.said += messages
        return len(messages) if self.takes else 0

    async def told(self, after: float) -> list[str]:
        """Who is told when so many seconds more have passed."""
        self.seconds += after
        self.said.clear()
        await self.outcry.once()
        return sorted(self.world.name(each.person_id) for each in self.said)


@pytest.fixture
async def trouble(world: World) -> Trouble:
    await world.inside("Ann")
    return Trouble(world)


async def test_who_is_on_duty_and_who_looks_after_the_service_are_told_how_many_are_out_there(trouble: Trouble) -> None:
    assert await trouble.told(0) == []
    trouble.since = trouble.seconds
    assert await trouble.told(PATIENCE - 1) == []
    assert await trouble.told(1) == ["Adam", "Mia"]
    assert {each.template for each in trouble.said} == {"gap.unkept"}
    assert {each.params["count"] for each in trouble.said} == {1}
    assert {each.address for each in trouble.said} == {"chat-Adam", "chat-Mia"}


async def test_it_is_said_again_only_after_a_while_and_anew_when_it_comes_back(trouble: Trouble) -> None:
    trouble.since = trouble.seconds
    assert await trouble.told(PATIENCE)
    assert await trouble.told(AGAIN - 1) == []
    assert await trouble.told(1) == ["Adam", "Mia"]
    trouble.since = None
    assert await trouble.told(1) == []
    trouble.since = trouble.seconds
    assert await trouble.told(PATIENCE) == ["Adam", "Mia"]


async def test_what_reaches_nobody_is_tried_again_at_once(trouble: Trouble) -> None:
    trouble.since = trouble.seconds
    trouble.takes = False
    assert await trouble.told(PATIENCE)
    assert await trouble.told(2) == ["Adam", "Mia"]


async def test_with_nobody_out_only_administrators_are_told(world: World) -> None:
    trouble = Trouble(world)
    trouble.since = trouble.seconds
    assert await trouble.told(PATIENCE) == ["Adam"]
