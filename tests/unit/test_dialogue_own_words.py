"""What a manager wrote in their own words is read on the plan's page: a worker's chat has no button with it."""

from __future__ import annotations

import pytest

from tests.guidance.at_plans import all_of, says, told, trained
from tests.talk import Talk
from tests.world import World


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def asked(world: World, talk: Talk) -> list[str]:
    """What Ann is asked to have arranged, for her next visit to F-1."""
    await trained(world, "Ann")
    (arranged,) = await talk.says("Ann", "/visit F-1 45m")
    assert arranged.text.startswith("The plan asks for these. What is arranged?")
    return arranged.labels


async def test_the_guidances_own_words_are_a_button(world: World, talk: Talk) -> None:
    debrief = await told(world, "dog")
    await says(world, "Mia", (await all_of(world, debrief))["dog_away"], "accept")
    assert "They will shut the dog away" in await asked(world, talk)


async def test_a_managers_own_words_are_not(world: World, talk: Talk) -> None:
    debrief = await told(world, "dog")
    dog = (await all_of(world, debrief))["dog_away"]
    await says(world, "Mia", dog, "change", "so it was", demands={"confirm": "Mr Quill has shut Rex away"})
    labels = await asked(world, talk)
    assert not [each for each in labels if "Quill" in each]
    await talk.presses("Ann", next(each for each in labels if "hat stands on the plan's page" in each))
    (sure,) = await talk.presses("Ann", "Done")
    assert "Lacking" not in sure.text and "Quill" not in sure.text


async def test_two_of_them_are_two_buttons_that_can_be_told_apart(world: World, talk: Talk) -> None:
    debrief = await told(world, "dog", "argued")
    measures = await all_of(world, debrief)
    assert len(measures) > 1, measures
    for key in list(measures)[:2]:
        await says(world, "Mia", measures[key], "change", "so it was", demands={"confirm": f"Mr Quill and {key}"})
    labels = [each for each in await asked(world, talk) if "stands on the plan's page" in each]
    assert len(labels) == 2 == len(set(labels)) and {each[-3:] for each in labels} == {"(1)", "(2)"}
    await talk.presses("Ann", labels[0])
    (sure,) = await talk.presses("Ann", "Done")
    assert "Quill" not in sure.text and sure.text.count("(since ") == 1
