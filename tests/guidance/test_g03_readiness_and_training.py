"""G3 and readiness: what is missing around a visit is said and decided on; it never stops the watch."""

from datetime import date, timedelta

import pytest

from safety_service.actions import readiness, training, words
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Word
from safety_service.domain.words import Phase, Risk, Status
from safety_service.store import rota, standing
from safety_service.store import training as trained
from tests.guidance.at_families import REF, fact, told
from tests.world import World

MINUTE = timedelta(minutes=1)


async def off(world: World, who: str, after: float = 0) -> None:
    """This person's shift ends so many minutes from now."""
    async with world.database.transaction() as tx:
        shifts = await rota.between(tx, [world.team_id], tx.now, tx.now + timedelta(days=40))
        for shift in shifts:
            if shift.person_id == world.ids[who]:
                await rota.end(tx, shift, tx.now + after * MINUTE)


async def test_nothing_is_said_where_everybody_is_there(world: World) -> None:
    row = await world.inside()
    await world.deliver()
    assert not world.told("Ann", "readiness.") and not world.told("Mia", "readiness.")
    assert await world.do("Ann", readiness.gaps_of, row.id) == []


async def test_who_goes_hears_who_is_missing_and_who_was_told_and_is_watched(world: World) -> None:
    await off(world, "Dev", after=30)
    row = await world.plan()
    await world.deliver()
    [said] = world.told("Ann", "readiness.planned")
    assert said.params["by"] == "Mia"
    [asked] = world.told("Mia", "readiness.manager")
    assert (asked.params["post"], asked.params["worker"]) == ("deputy_on_duty", "Ann")
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).phase is Phase.BEGIN


async def test_it_is_said_again_at_the_door_and_once(world: World) -> None:
    row = await world.plan()
    await off(world, "Dev", after=30)
    for _ in range(2):
        await world.do("Ann", words.begin, row.id, Word())
    await world.deliver()
    assert len(world.told("Ann", "readiness.begun")) == 1
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).phase is Phase.INSIDE


async def test_a_gap_that_begins_on_the_way_home_counts_and_one_after_it_does_not(world: World) -> None:
    await off(world, "Dev", after=45 + 29)
    first = await world.plan(minutes=45)
    second = await world.plan("Ben", minutes=44, ref="F-2")
    [gap] = await world.do("Ann", readiness.gaps_of, first.id)
    assert (gap.post, gap.ends_at - gap.starts_at) == ("deputy_on_duty", MINUTE)
    assert await world.do("Ben", readiness.gaps_of, second.id) == []


async def test_who_goes_does_not_stand_on_their_own_rung(world: World) -> None:
    row = await world.plan("Dev")
    assert {each.post for each in await world.do("Dev", readiness.gaps_of, row.id)} == {"deputy_on_duty", "standing"}


async def test_one_person_on_the_standing_list_is_none(world: World) -> None:
    async with world.database.transaction() as tx:
        await standing.remove(tx, world.agency_id, world.ids["Adam"])
    row = await world.plan()
    assert [each.post for each in await world.do("Ann", readiness.gaps_of, row.id)] == ["standing"]
    with pytest.raises(NotFound):
        await world.do("Ben", readiness.gaps_of, row.id)


async def put(world: World, who: str, day: date) -> None:
    async with world.database.transaction() as tx:
        await trained.put(tx, world.ids[who], {"personal_safety": day})


async def lacks(world: World, who: str, risk: Risk, *met: str) -> list[tuple[str, str, date | None]]:
    async with world.database.reading() as tx:
        found = await training.lacks(tx, [world.ids[who]], risk, met, world.now.date())
    return [(each.worker, each.missing.says, each.missing.ended_on) for each in found]


async def test_training_is_needed_by_risk_and_by_what_was_met_and_ends(world: World) -> None:
    assert await lacks(world, "Ann", Risk.LOW) == []
    assert await lacks(world, "Ann", Risk.HIGH) == [("Ann", "Personal safety", None)]
    assert await lacks(world, "Ann", Risk.LOW, "open_threat", "mixed") == [("Ann", "Personal safety", None)]
    today = world.now.date()
    await put(world, "Ann", today - timedelta(days=1096))
    assert await lacks(world, "Ann", Risk.HIGH) == []
    await put(world, "Ann", today - timedelta(days=1097))
    assert await lacks(world, "Ann", Risk.HIGH) == [("Ann", "Personal safety", today - timedelta(days=1))]
    await put(world, "Ann", today + timedelta(days=1))
    assert len(await lacks(world, "Ann", Risk.HIGH)) == 1


async def test_a_visit_that_lacks_it_says_so_waits_for_a_manager_and_is_watched(world: World) -> None:
    await told(world, "open_threat", who="Ben", on=world.now.date() - timedelta(days=400))
    row = await world.plan()
    assert row.visit.risk is Risk.LOW
    [lack] = row.lacking or []
    assert lack["what"] == "training"
    assert row.visit.status is Status.WAITING
    assert row.visit.watch(world.ids["Ann"]).phase is Phase.BEGIN
    await put(world, "Ann", world.now.date())
    assert not (await world.plan()).lacking


async def test_a_fact_added_while_somebody_is_inside_tightens_their_watch_and_tells_the_managers(
    world: World,
) -> None:
    row = await world.inside()
    before = (await world.visit(row.id)).visit.watch(world.ids["Ann"])
    await fact(world, "open_threat", "Mia", says="He said he would wait")
    after = (await world.visit(row.id)).visit.watch(world.ids["Ann"])
    assert before.due_at is not None and after.due_at is not None and after.due_at < before.due_at
    await world.deliver()
    assert world.told("Mia", "plan.running")
    assert not [each for each in world.told("Ann") if REF in str(each.params) and each.template.startswith("plan.")]
