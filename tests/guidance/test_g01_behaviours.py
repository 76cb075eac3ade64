"""G1: a debrief records what was met and when; several workers' debriefs add up; quiet visits are asked from time to
time whether anything has really changed."""

from datetime import timedelta

from sqlalchemy import select

from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.store.tables.learning import debrief_behaviour
from tests.guidance.telling import HARD, debrief_of, facts_of, gives, out, roadside, tells
from tests.talk import Talk
from tests.world import World


async def rows(world: World) -> list[tuple[str, str, str, str]]:
    async with world.database.reading() as tx:
        query = select(debrief_behaviour).order_by(debrief_behaviour.c.worker_id, debrief_behaviour.c.kind)
        found = (await tx.conn.execute(query)).all()
    return sorted((world.name(each.worker_id), each.kind, each.group, each.severity) for each in found)


async def test_what_two_workers_met_adds_up_at_the_family_each_with_its_day(world: World) -> None:
    first = await out(world)
    await tells(world, first, {**HARD, "met": ["open_threat", "mixed"]})
    world.clock.move(timedelta(days=1))
    second = await out(world, "Ben")
    await tells(world, second, {**HARD, "met": ["agreed"]}, "Ben")
    assert await rows(world) == [
        ("Ann", "mixed", "ambivalence", "none"),
        ("Ann", "open_threat", "threat", "high"),
        ("Ben", "agreed", "disguised_compliance", "low"),
    ]
    assert await facts_of(world) == ["disguised_compliance", "open_threat", "targeted"]


async def test_mixed_feelings_alone_are_recorded_and_never_counted(world: World) -> None:
    await tells(world, await out(world), {"mood": "off", "seen": "alone", "go_on": "yes", "met": ["mixed"]})
    assert await facts_of(world) == []
    assert [each[1] for each in await rows(world)] == ["mixed"]


async def test_the_same_visit_told_by_two_workers_is_one_fact(world: World) -> None:
    visit = await world.inside(workers=(world.ids["Ann"], world.ids["Ben"]))
    await world.do("Ben", words.begin, visit.id, Word())
    for who in ("Ann", "Ben"):
        await world.do(who, words.left, visit.id, Word())
        await tells(world, visit, {**HARD, "met": ["put_off"]}, who)
    assert await facts_of(world) == ["avoidance"]
    assert [each[0] for each in await rows(world)] == ["Ann", "Ben"]


async def test_what_the_system_saw_by_itself_stands_in_the_debrief(world: World) -> None:
    visit = await world.inside()
    await world.do("Ann", words.extend, visit.id, Word(), timedelta(minutes=15))
    await world.later(60)
    await world.do("Ann", words.left, visit.id, Word())
    given = await gives(world, visit, {"mood": "no_entry"})
    kinds = [each["kind"] for each in given.signals or ()]
    assert kinds[0] == "no_entry" and {"alert", "extend"} <= set(kinds)


async def quiet_visits(world: World, count: int) -> None:
    for _ in range(count):
        await gives(world, await out(world), {"mood": "fine", "seen": "alone"})


async def test_a_quiet_visit_is_asked_in_its_turn_whether_anything_has_changed(world: World) -> None:
    visit = await out(world)
    await tells(world, visit, {**HARD, "met": ["open_threat"]})
    await quiet_visits(world, 3)
    row = await world.inside()
    talk = Talk(world)
    await talk.says("Ann", "out")
    await roadside(talk, "Ann", "Fine")
    (question,) = await talk.presses("Ann", "Alone")
    assert question.text == "Has anything really changed, or have you heard words?"
    (done,) = await talk.presses("Ann", "Not known")
    assert done.text.startswith("Done.")
    assert (await debrief_of(world, row)).answers["quiet_real_change"] == "not_known"


async def test_a_family_with_nothing_open_is_never_asked_more_than_two_things(world: World) -> None:
    await quiet_visits(world, 3)
    await world.inside()
    talk = Talk(world)
    await talk.says("Ann", "out")
    await roadside(talk, "Ann", "Fine")
    (done,) = await talk.presses("Ann", "Alone")
    assert done.template == "form.debrief.done"
