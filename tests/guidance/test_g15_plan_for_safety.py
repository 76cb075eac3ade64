"""G15: a visit is planned for safety: with whom, how out, which words mean danger; no threat without strategies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from safety_service.actions import planning, words
from safety_service.actions.people import set_responder
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from tests.talk import Talk
from tests.world import World

PLAN = {
    "hostility": "threat",
    "talked": "yes",
    "strategies": ["short", "outside"],
    "joint": "police",
    "transport": "car",
    "exit": "front_only",
    "around": ["dog"],
    "news": "bad",
    "code_phrase": "Is the blue folder with you?",
}


async def test_everything_that_was_planned_is_there_when_it_is_read_again(world: World) -> None:
    planned = await world.plan(minutes=30, check_in_every=timedelta(minutes=10), answers=PLAN)
    kept = await world.visit(planned.id)
    assert kept.answers == PLAN
    assert (kept.purpose, kept.address["text"]) == ("plan", "1 Elm Row")
    assert kept.visit.ends_at - kept.visit.starts_at == timedelta(minutes=30)
    assert kept.visit.watches[0].interval == timedelta(minutes=10)


@pytest.mark.parametrize("strategies", [None, [], " "])
async def test_a_threat_that_is_expected_cannot_be_planned_without_strategies(world: World, strategies: object) -> None:
    request = PlanRequest(
        family_ref="F-1",
        starts_at=world.now,
        ends_at=world.now + timedelta(minutes=30),
        answers={**PLAN, "strategies": strategies},
    )
    with pytest.raises(Refused, match="strategies_wanted"):
        await world.do("Ann", planning.plan_visit, request)


async def test_the_way_out_and_the_words_that_mean_danger_stand_in_the_alarm(world: World) -> None:
    await world.inside(answers=PLAN)
    await world.later(35)
    alarm = next(each for each in await Talk(world).screen("Mia") if each.template.startswith("alarm."))
    assert "Is the blue folder with you?" in alarm.text
    assert "Way out: One door only" in alarm.text


async def test_the_words_of_the_workers_card_count_where_the_plan_has_none(world: World) -> None:
    await world.do("Ann", set_responder, {"code_phrase": "Did you feed the cat?"})
    row = await world.inside(answers={key: PLAN[key] for key in PLAN if key != "code_phrase"})
    await world.do("Ann", words.ring_me, row.id, Word())
    asked = next(each for each in await Talk(world).screen("Mia") if each.template == "ring.wanted")
    assert 'If you hear "Did you feed the cat?", ring 999.' in asked.text
    await world.later(2)
    alarm = next(each for each in await Talk(world).screen("Mia") if each.template.startswith("alarm."))
    assert "Did you feed the cat?" in alarm.text


async def test_no_message_to_the_worker_says_the_words_that_mean_danger(world: World) -> None:
    await world.inside(answers=PLAN)
    await world.later(40)
    assert all("blue folder" not in each.text for each in await Talk(world).screen("Ann"))
