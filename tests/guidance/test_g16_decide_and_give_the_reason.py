"""G16: how the work goes on is decided with a reason and an end; what it covers need not ask again, all else waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from safety_service.actions import courses, decisions, measures, people
from safety_service.actions.courses import Direction
from safety_service.actions.errors import NotFound
from safety_service.domain.course import Course, CourseKind
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Decided, Status
from safety_service.store import exclusions
from tests.guidance.at_plans import all_of, chased, says, told, trained
from tests.world import World


async def decided(world: World, kind: str, who: str = "Mia", *, days: int = 30, reason: str = "we agreed it") -> Course:
    """How the work goes on with F-1."""
    direction = Direction(kind=CourseKind(kind), reason=reason, until_on=world.now.date() + timedelta(days=days))
    return await world.do(who, courses.for_family, "F-1", direction)


async def for_worker(world: World, kind: str, worker: str, who: str = "Mia") -> Course:
    """How the work goes on for somebody."""
    until = world.now.date() + timedelta(days=30)
    direction = Direction(kind=CourseKind(kind), reason="she was threatened by name", until_on=until)
    return await world.do(who, courses.for_worker, world.ids[worker], direction)


async def plan_two(world: World, **more: Any) -> Status:
    """A visit of Ann's and Ben's, soon; whether it waits."""
    row = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Ben"]), after=300, **more)
    return row.visit.status


@pytest.fixture
async def threatened(world: World) -> World:
    """A threat was met, everybody is trained; two people and a check-in each quarter of an hour hold."""
    await trained(world, "Ann", "Ben", "Dev")
    debrief = await told(world, "open_threat", who="Dev")
    for key in ("police_informed", "debrief_call"):
        await says(world, "Mia", (await all_of(world, debrief))[key], "refuse")
    return world


async def test_with_measures_covers_the_visits_that_have_them_and_no_other(threatened: World) -> None:
    assert await plan_two(threatened) is Status.WAITING
    await decided(threatened, "with_measures")
    assert await plan_two(threatened) is Status.PLANNED
    alone = await threatened.plan("Ben", after=400)
    assert alone.visit.status is Status.WAITING and [each["what"] for each in alone.lacking] == ["people"]


async def test_as_it_is_covers_what_lacks_something_too_and_says_what(threatened: World) -> None:
    await decided(threatened, "as_it_is")
    alone = await threatened.plan("Ben", after=400)
    assert alone.visit.status is Status.PLANNED and alone.lacking[0]["says"] == "Two people"


async def test_somebody_else_covers_all_but_whoever_was_threatened(threatened: World) -> None:
    await decided(threatened, "somebody_else")
    assert await plan_two(threatened) is Status.PLANNED
    row = await threatened.plan("Dev", workers=(threatened.ids["Dev"], threatened.ids["Ben"]), after=400)
    assert row.visit.status is Status.WAITING
    assert [(each["what"], each["key"]) for each in row.lacking] == [("course", "somebody_else")]


async def test_where_the_work_does_not_go_on_by_visits_each_visit_waits(threatened: World) -> None:
    row = await threatened.plan("Ben", workers=(threatened.ids["Ann"], threatened.ids["Ben"]), after=300)
    await decided(threatened, "not_by_visits")
    after = await threatened.visit(row.id)
    assert after.visit.status is Status.WAITING and after.lacking[-1]["key"] == "not_by_visits"
    assert after.visit.watches[0].due_at is not None  # and it is watched all the same


async def test_a_new_version_of_the_plan_needs_a_new_decision(threatened: World) -> None:
    await decided(threatened, "with_measures")
    row = await threatened.plan("Ann", workers=(threatened.ids["Ann"], threatened.ids["Ben"]), after=300)
    assert row.visit.status is Status.PLANNED
    found = await all_of(threatened, row)
    await says(threatened, "Mia", found["two_people"], "accept")
    assert (await threatened.visit(row.id)).visit.status is Status.WAITING
    assert threatened.told("Mia", "decision.wanted")


async def test_it_ends_on_its_day_and_somebody_is_asked_before(threatened: World) -> None:
    await decided(threatened, "with_measures", days=10)
    assert "Mia plan.course_ends" in await chased(threatened, days=4)
    assert not [each for each in await chased(threatened, hours=1) if "course_ends" in each]  # once a day
    threatened.clock.move(timedelta(days=8))
    assert await plan_two(threatened) is Status.WAITING


async def test_what_ends_for_a_worker_is_asked_of_who_decided_it_and_then_of_all_their_managers(world: World) -> None:
    await for_worker(world, "somebody_else", "Ann")
    assert await ends(world, days=22) == []
    assert await ends(world, days=1) == ["Mia"]
    assert await ends(world, days=1) == ["Dev", "Mia"], "nobody has answered"


async def test_where_who_decided_it_has_left_the_other_managers_are_asked(world: World) -> None:
    await for_worker(world, "somebody_else", "Ann")
    await world.do("Adam", people.deactivate, world.ids["Mia"])
    assert await ends(world, days=23) == ["Dev"]


async def test_who_is_kept_off_a_worker_is_not_asked_how_their_work_goes_on(world: World) -> None:
    await for_worker(world, "somebody_else", "Ann")
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], worker_id=world.ids["Ann"], reason="aunt", by=None)
    assert await ends(world, days=23) == ["Dev"]


async def ends(world: World, days: int) -> list[str]:
    """So many days later, who is asked about an end that is near."""
    told = await chased(world, days=days)
    return [each.split()[0] for each in told if each.endswith("plan.course_ends")]


async def test_what_was_decided_later_counts_and_what_was_decided_is_never_edited(threatened: World) -> None:
    first = await decided(threatened, "as_it_is")
    await decided(threatened, "with_measures")
    assert (await threatened.plan("Ben", after=400)).visit.status is Status.WAITING
    async with threatened.database.transaction() as tx:
        with pytest.raises(Exception, match=r"never changed|append-only"):
            async with tx.savepoint():
                await tx.conn.execute(text("UPDATE course SET kind = 'as_it_is'"))
    assert first.reason == "we agreed it"


async def test_nobody_decides_for_themselves_without_a_reason_or_for_ever(threatened: World) -> None:
    await threatened.plan("Mia", after=600)
    with pytest.raises(Refused, match="never_your_own"):
        await decided(threatened, "as_it_is")
    with pytest.raises(Refused, match="reason_wanted"):
        await decided(threatened, "as_it_is", "Dev", reason=" ")
    with pytest.raises(Refused, match="until_too_far"):
        await decided(threatened, "as_it_is", "Dev", days=93)
    with pytest.raises(Refused, match="until_past"):
        await decided(threatened, "as_it_is", "Dev", days=-1)
    await threatened.opens("Rita")
    with pytest.raises(Refused, match="managers_only"):
        await decided(threatened, "as_it_is", "Rita")
    with pytest.raises(Refused, match="never_your_own"):
        await for_worker(threatened, "as_it_is", "Mia")
    dev, ann = threatened.ids["Dev"], threatened.ids["Ann"]
    async with threatened.database.transaction() as tx:
        await exclusions.add(tx, threatened.agency_id, dev, worker_id=ann, reason="was married to her", by=None)
    with pytest.raises(NotFound):
        await for_worker(threatened, "as_it_is", "Ann", "Dev")


async def test_for_a_worker_it_goes_with_them_to_every_family(world: World) -> None:
    await trained(world, "Ann")
    row = await world.plan("Ann", ref="F-7", after=300)
    await for_worker(world, "somebody_else", "Ann")
    after = await world.visit(row.id)
    assert after.visit.status is Status.WAITING
    assert [each["key"] for each in after.lacking] == ["somebody_else"]
    await for_worker(world, "as_it_is", "Ann")
    assert (await world.visit(row.id)).visit.status is Status.PLANNED


async def test_a_visits_decision_is_bound_to_the_plan_that_it_was_made_under(threatened: World) -> None:
    row = await threatened.plan("Ben", after=400)
    await threatened.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD_WITH_MEASURES, "Ann waits in the car")
    assert (await threatened.visit(row.id)).visit.status is Status.PLANNED
    await threatened.deliver()
    assert set(threatened.told("Ben", "decision.told")[-1].params["measures"]) == {
        "Two people",
        "Check in every 15 minutes",
    }
    found = await all_of(threatened, row)
    await says(threatened, "Mia", found["short_interval"], "accept")
    after = await threatened.visit(row.id)
    assert after.visit.status is Status.WAITING and after.plan_number == row.plan_number + 1
    await threatened.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD, "still so")
    assert (await threatened.visit(row.id)).visit.status is Status.PLANNED


async def test_a_measure_is_decided_by_whoever_manages_the_family(threatened: World) -> None:
    row = await threatened.plan("Ben", after=400)
    two = (await all_of(threatened, row))["two_people"]
    with pytest.raises(NotFound):
        await threatened.do("Adam", measures.to_decide, two.id)
