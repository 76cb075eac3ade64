"""G5: what could not be assessed, why, who else could tell, what is done about it, by whom and until when."""

from datetime import date
from typing import Any

import pytest

from safety_service.actions import debriefs, items
from safety_service.domain.refusal import Refused
from tests.guidance.telling import CHILD, HARD, debrief_of, gives, open_items, out
from tests.world import World


def gap(world: World, **more: Any) -> dict[str, Any]:
    told = {"why": "He stood in the door", "action": "Ask the school", "source": ["school", "health"]}
    return {**told, "owner": str(world.ids["Ben"]), "due": "2026-11-20", **more}


async def test_a_gap_is_open_for_its_owner_until_it_is_closed(world: World) -> None:
    visit = await out(world)
    await gives(world, visit, {**HARD, **CHILD, "areas": ["child_alone"], "gap_child_alone": gap(world)})
    (row,) = await open_items(world, visit, "assessment_gap")
    assert (row.key, row.owner_id, row.due_on) == ("child_alone", world.ids["Ben"], date(2026, 11, 20))
    assert dict(row.body) == {
        "text": "Child on their own",
        "why": "He stood in the door",
        "action": "Ask the school",
        "source": "School, nursery, Health visitor, GP",
    }
    assert row.id in {each.id for each in await world.do("Ben", items.mine)}
    assert row.id in {each.id for each in await world.do("Ann", items.mine)}, "in the worker's supervision, too"
    await world.do("Ben", items.close_item, row.id, "The head of year sees him alone on Mondays.")
    assert await open_items(world, visit, "assessment_gap") == []


async def test_a_gap_without_its_why_what_and_when_is_no_answer(world: World) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    for lacking in ("why", "action", "due"):
        told = {**HARD, **CHILD, "areas": ["home"], "gap_home": {**gap(world), lacking: ""}}
        with pytest.raises(Refused, match="answer_unknown"):
            await world.do("Ann", debriefs.submit, row.id, told)
    with pytest.raises(Refused, match="debrief_unfinished"):
        await world.do("Ann", debriefs.submit, row.id, {**HARD, **CHILD, "areas": ["home"]})


async def test_a_stranger_owns_no_gap_of_ours(world: World) -> None:
    visit = await out(world)
    told = gap(world, owner="0197a1f0-0000-7000-8000-000000000000")
    await gives(world, visit, {**HARD, **CHILD, "areas": ["home"], "gap_home": told})
    (row,) = await open_items(world, visit, "assessment_gap")
    assert row.owner_id == world.ids["Ann"]
