"""G18: how the worker is, and whether they can go on; what is urgent reaches the managers with the tap that says it."""

from datetime import timedelta

import pytest

from safety_service.actions import debriefs
from safety_service.domain.words import Phase, Status
from tests.guidance.telling import HARD, debrief_of, out, roadside, tells
from tests.talk import Talk
from tests.world import World


async def told(world: World) -> list[tuple[str, list[str]]]:
    """What managers were told of debriefs just now: who, and which urgent things."""
    sent = [each for each in await world.deliver() if each.template in ("debrief.urgent", "debrief.talk")]
    return [(world.name(each.person_id), each.params["urgent"]) for each in sent]


async def test_no_more_visits_reaches_the_manager_with_what_is_still_to_come_and_the_watch_stays(world: World) -> None:
    coming = await world.plan(ref="F-9", after=120)
    await world.inside()
    talk = Talk(world)
    await talk.says("Ann", "out")
    await roadside(talk, "Ann", "Bad", "No")
    await world.deliver()
    await talk.presses("Ann", "Stop my visits")
    assert await told(world) == [("Mia", ["stop"])]
    shown = (await talk.screen("Mia"))[-1].text
    assert "Ann, after 09:00 (F-1): no more visits today." in shown and "11:00 F-9" in shown and "Ring them" in shown
    row = await world.visit(coming.id)
    assert (row.visit.status, row.visit.watch(world.ids["Ann"]).phase) == (Status.PLANNED, Phase.BEGIN)


async def test_a_threat_violence_and_an_injury_are_told_when_they_are_said_each_once(world: World) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    await world.deliver()
    await world.do("Ann", debriefs.answer, row.id, {"mood": "bad", "met": ["hit", "open_threat"]})
    assert await told(world) == [("Mia", ["violence", "threat"])]
    await world.do("Ann", debriefs.answer, row.id, {"hurt": "yes"})
    assert await told(world) == [("Mia", ["hurt"])]
    await world.do("Ann", debriefs.answer, row.id, {"seen": "no", "go_on": "yes"})
    await world.do("Ann", debriefs.give_first_part, row.id)
    assert await told(world) == []


async def test_taking_it_back_and_saying_it_again_does_not_tell_it_twice(world: World) -> None:
    row = await debrief_of(world, await out(world))
    await world.deliver()
    for go_on in ("stop_visits", "yes", "stop_visits"):
        await world.do("Ann", debriefs.answer, row.id, {"mood": "bad", "go_on": go_on})
    assert await told(world) == [("Mia", ["stop"])]


async def test_the_managers_message_names_no_address_and_nothing_that_was_written(world: World) -> None:
    row = await debrief_of(world, await out(world))
    await world.do(
        "Ann",
        debriefs.answer,
        row.id,
        {**HARD, "met": ["hit"], "happened": "SECRET", "feeling": "SECRET", "fact": "SECRET"},
    )
    shown = [each.text for each in await Talk(world).screen("Mia")]
    assert not any("SECRET" in text or "Elm Row" in text for text in shown)


@pytest.mark.parametrize("refs", [{"incident_ref": "INC-7", "police_ref": "CAD 118"}])
async def test_after_violence_the_references_are_asked_for_and_kept(world: World, refs: dict[str, str]) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    form = await world.do("Ann", lambda tx, _actor: debriefs.form_of(tx, row))
    assert form.step("police_ref").asked({"met": ["weapon"]}) and not form.step("police_ref").asked({"met": ["argued"]})
    await tells(world, visit, {**HARD, "met": ["hit"], "hurt": "no", **refs})
    assert refs.items() <= (await debrief_of(world, visit)).answers.items()


async def test_no_chat_of_the_worker_ever_asks_how_they_are_or_shows_what_they_wrote(world: World) -> None:
    visit = await out(world)
    await tells(world, visit, {**HARD, "happened": "SECRET", "feeling": "SECRET"})
    world.clock.move(timedelta(hours=1))
    talk = Talk(world)
    await talk.says("Ann", "/debrief")
    assert not any("SECRET" in each.text or "How are you" in each.text for each in await talk.screen("Ann"))


async def test_whom_the_worker_wants_told_reaches_the_managers_once(world: World) -> None:
    visit = await out(world)
    await world.deliver()
    await tells(world, visit, {**HARD, "met": ["open_threat"], "tell_now": ["team", "police", "manager"]})
    sent = [each for each in await world.deliver() if each.template == "debrief.tell"]
    assert [world.name(each.person_id) for each in sent] == ["Mia"]
    shown = next(each for each in await Talk(world).screen("Mia") if each.template == "debrief.tell")
    assert shown.text == "Ann, after 09:00 (F-1), asks you to tell: their team, the police."
