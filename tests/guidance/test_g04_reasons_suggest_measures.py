"""G4: why they may not cooperate is asked, stands on the plan, and suggests measures; an agency edits which."""

from __future__ import annotations

import pytest

from config.guidance import parse_guidance
from safety_service.domain.plan import MeasureState
from safety_service.domain.proposing import suggested
from safety_service.store import guidances
from safety_service.store.ids import new_id
from tests.guidance.at_plans import all_of, the_rest, told
from tests.world import World

GUIDANCE = parse_guidance("")


@pytest.mark.parametrize(
    ("reason", "measure"),
    [
        ("language", "interpreter"),
        ("jargon", "plain_summary"),
        ("removal", "explain_roles"),
        ("staff_change", "named_worker"),
        ("culture", "cultural_advice"),
    ],
)
def test_each_reason_leads_to_what_helps_against_it(reason: str, measure: str) -> None:
    found = {each.key: each for each in suggested(GUIDANCE, (), {"reasons": [reason]}, new_id())}
    assert measure in found
    assert found[measure].because.reasons == (reason,)
    assert not found[measure].at_once


def test_every_reason_and_every_need_that_is_asked_suggests_only_measures_that_are_there() -> None:
    for section, key in (("reasons", "reasons"), ("needs", "needs")):
        for name in GUIDANCE.asked(section):
            for each in suggested(GUIDANCE, (), {key: [name]}, new_id()):
                assert each.key in GUIDANCE.measures and each.says


def test_a_word_that_the_guidance_does_not_know_suggests_nothing() -> None:
    assert (
        suggested(GUIDANCE, ("whatever",), {"reasons": ["whatever", 3], "needs": "x", "safer": [" "]}, new_id()) == []
    )


async def test_reasons_stand_on_the_plan_and_wait_for_a_manager(world: World) -> None:
    debrief = await told(world, "argued")
    await the_rest(world, debrief, reasons=["staff_change", "removal"])
    found = await all_of(world, debrief)
    assert found["named_worker"].state is MeasureState.PROPOSED
    assert found["named_worker"].worker_id == world.ids["Ann"]  # until the manager names another
    assert found["two_people"].because.behaviours == ("argued",)
    assert found["two_people"].because.reasons == ("removal",)
    assert "1.7.5" in found["explain_roles"].because.clauses


async def test_an_agencys_own_edition_decides_what_a_reason_suggests(world: World) -> None:
    own = """
    [measures.tea]
    says = "Meet for tea at the centre"
    demands = { office = true }
    source = "Elmshire handbook"
    [reasons.privacy]
    measures = ["tea"]
    [measures.trusted_person]
    off = true
    """
    async with world.database.transaction() as tx:
        await guidances.apply(tx, world.agency_id, own, "Adam", "our own way")
    debrief = await told(world, "argued")
    await the_rest(world, debrief, reasons=["privacy", "culture"])
    found = await all_of(world, debrief)
    assert found["tea"].says == "Meet for tea at the centre" and found["tea"].demands.office
    assert "trusted_person" not in found and "cultural_advice" in found
