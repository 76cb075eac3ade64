"""G2: the child first. Seen, and alone; not known is an answer that stays open; twice unseen speaks for itself."""

from datetime import timedelta

from safety_service.actions import debriefs
from safety_service.actions.items import close_item
from safety_service.store import items
from tests.guidance.telling import CHILD, HARD, debrief_of, facts_of, gives, open_items, out, tells
from tests.world import World


async def test_every_debrief_asks_whether_the_child_was_seen(world: World) -> None:
    row = await debrief_of(world, await out(world))
    form = await world.do("Ann", lambda tx, _actor: debriefs.form_of(tx, row))
    assert form.step("seen").asked({"mood": "fine"}) and not form.step("seen").optional


async def test_above_mixed_feelings_part_b_is_asked_and_below_it_is_not(world: World) -> None:
    visit = await out(world)
    await tells(world, visit, {**HARD, "met": ["agreed"]})
    row = await debrief_of(world, visit)
    form = await world.do("Ann", lambda tx, _actor: debriefs.form_of(tx, row))
    asked = {each.key for each in form.steps if each.asked(row.answers)}
    assert CHILD.keys() <= asked and {"child_door_shut", "child_why_not_alone"} <= asked
    mixed = {**row.answers, "met": ["mixed"]}
    assert not any(each.key.startswith("child_") for each in form.steps if each.asked(mixed))
    alone = {**row.answers, "seen": "alone"}
    assert "child_why_not_alone" not in {each.key for each in form.steps if each.asked(alone)}


async def test_what_is_not_known_stays_open_until_somebody_finds_out(world: World) -> None:
    visit = await out(world)
    await gives(world, visit, {**HARD, **CHILD, "child_too_scared": "not_known"})
    (question,) = await open_items(world, visit, "open_question")
    assert (question.key, question.body["text"]) == ("too_scared", "Are they too scared to tell?")
    world.clock.move(timedelta(days=1))
    again = await out(world)
    await gives(world, again, {**HARD, **CHILD, "child_too_scared": "not_known"})
    assert len(await open_items(world, visit, "open_question")) == 1, "the same question is open once"
    await world.do("Mia", close_item, question.id, "She told the school nurse that she is not.")
    assert await open_items(world, visit, "open_question") == []


async def test_the_supervisor_is_asked_to_ask_too(world: World) -> None:
    visit = await out(world)
    await gives(world, visit, {**HARD, **CHILD})
    async with world.database.reading() as tx:
        kinds = {(each.kind, each.key) for each in await items.open_of_worker(tx, world.ids["Ann"])}
    assert ("supervision", "child") in kinds


async def test_twice_unseen_is_a_signal_and_once_is_none(world: World) -> None:
    await gives(world, await out(world), {"mood": "fine", "seen": "no"})
    assert await facts_of(world) == []
    world.clock.move(timedelta(days=1))
    second = await out(world)
    await gives(world, second, {"mood": "no_entry"})
    assert await facts_of(world) == ["unseen_twice"]
    assert [each.key for each in await open_items(world, second, "open_question")] == ["child_alone"]


async def test_a_visit_that_was_not_about_the_child_breaks_no_row_and_a_seen_child_does(world: World) -> None:
    for seen in ("no", "not_due", "alone", "no"):
        await gives(world, await out(world), {"mood": "fine", "seen": seen})
        world.clock.move(timedelta(days=1))
    assert await facts_of(world) == []
    await gives(world, await out(world), {"mood": "fine", "seen": "not_due"})
    world.clock.move(timedelta(days=1))
    await gives(world, await out(world), {"mood": "fine", "seen": "no"})
    assert await facts_of(world) == ["unseen_twice"]
