"""C5, G12: versions of a plan are numbered, stand as they were made, and say what became of a debrief."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from safety_service.actions import plans
from safety_service.actions.became import became_of
from safety_service.actions.errors import NotFound
from safety_service.domain.plan import OPEN, picture, possible
from safety_service.domain.refusal import Refused
from safety_service.store import measures as rows
from safety_service.store.ids import new_id
from safety_service.store.tables.plans import briefing_read
from tests.guidance.at_plans import all_of, chased, logged, says, told, versions
from tests.world import World

KINDS = ["accept", "change", "refuse", "done", "lapse"]


async def test_a_version_is_never_changed(world: World) -> None:
    debrief = await told(world, "open_threat")
    first = (await versions(world, debrief.family_id))[0]
    two = (await all_of(world, debrief))["two_people"]
    await says(world, "Mia", two, "change", "three are better", says="Three people")
    assert (await versions(world, debrief.family_id))[0] == first
    for table in ("plan_version", "measure_decision"):
        async with world.database.transaction() as tx:
            with pytest.raises(Exception, match=r"never changed|append-only"):
                async with tx.savepoint():
                    await tx.conn.execute(text(f"UPDATE {table} SET id = id"))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["accept", "change", "refuse", "done", "lapse"])), max_size=8)
)
async def test_whatever_is_decided_numbers_follow_each_other_and_each_version_stands(
    world: World, said: list[tuple[int, str]]
) -> None:
    ref = f"F-{new_id()}"
    debrief = await told(world, "open_threat", "argued", ref=ref)
    seen = await versions(world, debrief.family_id)
    for place, kind in said:
        found = sorted((await all_of(world, debrief)).values(), key=lambda each: each.key)
        one = found[place % len(found)]
        changes = {"says": f"{one.says}, too"} if kind == "change" else {}
        try:
            after = await says(world, "Mia", one, kind, "so", **changes)
        except Refused:
            assert kind not in possible(one)
            continue
        now = await versions(world, debrief.family_id)
        assert now[: len(seen)] == seen
        assert len(now) - len(seen) == (1 if one.holds or after.holds else 0)
        assert [each.number for each in now] == list(range(1, len(now) + 1))
        seen = now
        assert debrief.family_id is not None
        async with world.database.reading() as tx:
            kept = await rows.of_family(tx, debrief.family_id)
        assert all(each.owner_id and each.next_at for each in kept if each.undecided)
        if one.holds or after.holds:
            assert list(now[-1].measures) == picture(kept)
            assert {each["id"] for each in now[-1].measures} == {str(each.id) for each in kept if each.state in OPEN}


async def test_each_version_names_what_it_changed_and_why(world: World) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    await says(world, "Mia", two, "refuse", "they are never both free")
    plan = await world.do("Mia", plans.read, "f-1")
    (second, changed), (first, new) = plan.versions
    assert (second.number, second.why, [(each.what, each.says) for each in changed]) == (
        2,
        "they are never both free",
        [("gone", "Two people")],
    )
    assert first.why == "Open threat" and {each.what for each in new} == {"new"}
    assert "read" in await logged(world, "plan")


async def test_a_meeting_ends_in_a_version_with_a_day_to_look_again_and_nobody_forgets_it(world: World) -> None:
    debrief = await told(world, "open_threat")
    assert debrief.family_id is not None
    for measure in (await all_of(world, debrief)).values():
        await says(world, "Mia", measure, "accept")
    review_on = world.now.date() + timedelta(days=5)
    async with world.database.transaction() as tx:
        number = await plans.new_version(
            tx, debrief.family_id, cause="meeting", why="met", by=world.ids["Mia"], review_on=review_on
        )
    assert number == (await versions(world, debrief.family_id))[-1].number
    assert await chased(world, days=5) == []
    assert await chased(world, days=1) == ["Dev plan.review", "Mia plan.review"]
    assert await chased(world, hours=2) == []
    with pytest.raises(Refused, match="until_past"):
        await world.do("Mia", plans.reviewed, "F-1", "all the same", world.now.date())
    with pytest.raises(Refused, match="review_too_far"):
        await world.do("Mia", plans.reviewed, "F-1", "all the same", world.now.date() + timedelta(days=1831))
    with pytest.raises(Refused, match="managers_only"):
        await world.do("Ann", plans.reviewed, "F-1", "all the same", world.now.date() + timedelta(days=9))
    await world.do("Mia", plans.reviewed, "F-1", "all the same", world.now.date() + timedelta(days=9))
    assert await chased(world, days=1) == []


async def test_a_review_that_is_to_come_is_carried_on_by_the_next_version(world: World) -> None:
    debrief = await told(world, "open_threat")
    first = (await versions(world, debrief.family_id))[0]
    assert first.review_on == world.now.date() + timedelta(days=28)
    await says(world, "Mia", (await all_of(world, debrief))["two_people"], "accept")
    assert (await versions(world, debrief.family_id))[1].review_on == first.review_on


async def test_a_debrief_shows_what_became_of_it(world: World) -> None:
    debrief = await told(world, "open_threat")
    found = await all_of(world, debrief)
    await says(world, "Mia", found["two_people"], "accept", "so it is")
    await says(world, "Mia", found["police_informed"], "refuse", "they know")
    assert debrief.family_id is not None
    async with world.database.transaction() as tx:
        for name, number in (("Ben", 2), ("Rita", 0)):
            values = {"id": new_id(), "family_id": debrief.family_id, "person_id": world.ids[name], "at": tx.now}
            await tx.conn.execute(insert(briefing_read).values(plan_number=number, **values))
    outcome = await world.do("Ann", became_of, debrief.id)
    by_key = {each.measure.key: each for each in outcome.measures}
    assert (by_key["two_people"].decisions[0].reason, by_key["two_people"].number) == ("so it is", 1)
    assert [world.name(each) for each in by_key["two_people"].seen_by] == ["Ben"]
    assert (by_key["police_informed"].number, by_key["police_informed"].seen_by) == (None, {})
    assert outcome.recurred == []
    await told(world, "open_threat", who="Ben")
    outcome = await world.do("Mia", became_of, debrief.id)
    assert [(each.kind, world.name(each.worker_id)) for each in outcome.recurred] == [("open_threat", "Ben")]
    with pytest.raises(NotFound):
        await world.do("Ben", became_of, debrief.id)
    with pytest.raises(NotFound):
        await world.do("Mia", became_of, new_id())
