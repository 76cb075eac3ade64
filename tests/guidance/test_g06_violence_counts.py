"""G6: violence goes into the assessment of risk: it stays open until somebody says where that was done."""

import pytest

from safety_service.actions import debriefs
from safety_service.actions.items import close_item
from safety_service.domain.refusal import Refused
from tests.guidance.telling import CHILD, HARD, facts_of, gives, open_items, out, tells
from tests.world import World


async def test_a_threat_opens_it_at_once_and_only_a_note_closes_it(world: World) -> None:
    visit = await out(world)
    await tells(world, visit, {**HARD, "met": ["veiled_threat"]})
    (row,) = await open_items(world, visit, "risk_assessment")
    assert row.body["text"] == "Veiled threat"
    with pytest.raises(Refused, match="item_note_wanted"):
        await world.do("Mia", close_item, row.id, "")
    await world.do("Mia", close_item, row.id, "Core assessment, 18 November, section 4")
    assert await open_items(world, visit, "risk_assessment") == []


async def test_the_whole_debrief_does_not_open_it_twice_and_an_argument_opens_none(world: World) -> None:
    visit = await out(world)
    await tells(world, visit, {**HARD, "met": ["hit"], "hurt": "no"})
    await gives(world, visit, CHILD)
    assert len(await open_items(world, visit, "risk_assessment")) == 1
    other = await out(world, ref="F-2")
    await tells(world, other, {**HARD, "met": ["argued"]})
    assert await open_items(world, other, "risk_assessment") == []


async def test_what_is_remembered_later_counts_when_it_is_written_not_when_all_is_given(world: World) -> None:
    visit = await out(world)
    row = await tells(world, visit, {**HARD, "met": ["argued"]})
    assert await facts_of(world) == ["confrontation"]
    await world.do("Ann", debriefs.answer, row.id, {"met": ["argued", "weapon"]})
    assert await facts_of(world) == ["confrontation", "targeted", "weapon"]
    assert len(await open_items(world, visit, "risk_assessment")) == 1
