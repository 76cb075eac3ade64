"""G1, the family's side: what several visits and workers met adds up, becomes past by policy, and never vanishes."""

from datetime import timedelta

import pytest

from safety_service.actions import behaviours
from safety_service.actions.errors import NotFound
from tests.guidance.at_families import REF, told
from tests.world import World


async def test_several_workers_debriefs_add_up_month_by_month(world: World) -> None:
    today = world.now.date()
    await told(world, "argued", on=today - timedelta(days=40))
    await told(world, "argued", "mixed", who="Ben", on=today - timedelta(days=5))
    await told(world, "argued", on=today)
    argued, mixed = await world.do("Mia", behaviours.of_family, REF)
    assert (argued.kind, argued.says, argued.times, argued.people) == ("argued", "Argued, blocked", 3, 2)
    assert argued.months == (("2026-10", 1), ("2026-11", 2))
    assert (argued.first_on, argued.last_on) == (today - timedelta(days=40), today)
    assert not argued.past
    assert (mixed.kind, mixed.severity, mixed.past) == ("mixed", "none", False)


async def test_the_gravest_stands_first_and_what_is_past_last(world: World) -> None:
    today = world.now.date()
    await told(world, "argued", on=today)
    await told(world, "open_threat", on=today - timedelta(days=100))
    await told(world, "hit", on=today - timedelta(days=800))
    met = await world.do("Mia", behaviours.of_family, REF)
    assert [(each.kind, each.past) for each in met] == [("open_threat", False), ("argued", False), ("hit", True)]


async def test_what_was_met_becomes_past_and_stays_to_be_read(world: World) -> None:
    await told(world, "argued")
    world.clock.move(timedelta(days=185))
    [argued] = await world.do("Mia", behaviours.of_family, REF)
    assert argued.past and argued.times == 1


async def test_a_stranger_to_the_family_learns_nothing(world: World) -> None:
    await told(world, "argued")
    with pytest.raises(NotFound):
        await world.do("Ben", behaviours.of_family, REF)
