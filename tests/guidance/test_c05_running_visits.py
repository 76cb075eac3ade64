"""C5: what is new at a family reaches its running visits at once: managers hear, deadlines tighten, none is later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from safety_service.actions import plans, renewing, words
from safety_service.actions.chases import CHASES
from safety_service.actions.words import Word
from safety_service.domain.words import Risk, Status
from safety_service.store import coming, exclusions, families
from safety_service.store import measures as measure_rows
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow
from tests.guidance.at_plans import all_of, been, everything_said_to, first_part, says, trained
from tests.world import MINUTE, World


async def test_a_threat_tightens_the_watch_of_whoever_is_in_there_now_and_the_manager_hears(world: World) -> None:
    row = await been(world, "Ann")
    running = await world.inside("Ben", minutes=60)
    before = running.visit.watches[0]
    assert running.visit.risk is not Risk.HIGH and before.interval > timedelta(minutes=15)
    await world.jump(5)
    await first_part(world, row, "open_threat")
    after = (await world.visit(running.id)).visit
    watch = after.watches[0]
    assert after.risk is Risk.HIGH and after.status is Status.BEGUN
    assert watch.interval == timedelta(minutes=15)
    assert before.last_word_at is not None
    assert watch.due_at == before.last_word_at + 15 * MINUTE
    assert before.alarm_at and watch.alarm_at and watch.alarm_at < before.alarm_at
    (news,) = world.told("Mia", "plan.running")
    assert news.params["worker"] == "Ben" and news.params["new"] == "Open threat"
    assert "hreat" not in await everything_said_to(world, "Ben")  # nothing of it at the door


async def test_whoever_has_not_said_anything_for_longer_than_is_now_allowed_is_asked_now(world: World) -> None:
    row = await been(world, "Ann")
    running = await world.inside("Ben", minutes=60)
    await world.jump(25)
    await first_part(world, row, "open_threat")
    watch = (await world.visit(running.id)).visit.watches[0]
    assert watch.due_at == world.now
    assert watch.alarm_at == world.now + timedelta(minutes=3)
    await world.sweep()
    await world.deliver()
    assert world.told("Ben", "ask.")


async def test_a_deadline_that_is_sooner_already_stays_and_nothing_is_asked_twice(world: World) -> None:
    row = await been(world, "Ann")
    running = await world.inside("Ben", minutes=60, check_in_every=timedelta(minutes=5))
    await world.later(5.5)
    asked = len(world.told("Ben", "ask.check_in"))
    before = (await world.visit(running.id)).visit.watches[0]
    await first_part(world, row, "open_threat")
    watch = (await world.visit(running.id)).visit.watches[0]
    assert (watch.due_at, watch.interval) == (before.due_at, before.interval)
    assert before.alarm_at and watch.alarm_at and watch.alarm_at <= before.alarm_at
    await world.sweep()
    await world.deliver()
    assert len(world.told("Ben", "ask.check_in")) == asked


async def test_a_visit_to_come_is_held_against_it_its_manager_asked_and_its_worker_told_what_not_why(
    world: World,
) -> None:
    await trained(world, "Ben")
    row = await been(world, "Ann")
    coming = await world.plan("Ben", after=300)
    assert coming.visit.status is Status.PLANNED
    await first_part(world, row, "open_threat")
    after = await world.visit(coming.id)
    assert after.visit.status is Status.WAITING and after.visit.risk is Risk.HIGH
    assert world.told("Mia", "decision.wanted")[-1].params["lacking"][0]["says"] == "Two people"
    (told,) = world.told("Ben", "plan.demanded")
    assert told.params["lacking"][0]["since"] == world.now.date().isoformat()
    assert told.params["managers"] == ["Mia"]
    await says(world, "Mia", (await all_of(world, after))["two_people"], "refuse", "Ben knows them well")
    assert [each["what"] for each in (await world.visit(coming.id)).lacking] == []


async def test_a_family_elsewhere_is_none_of_its_business(world: World) -> None:
    row = await been(world, "Ann")
    running = await world.inside("Ben", ref="F-2")
    await first_part(world, row, "weapon")
    assert (await world.visit(running.id)).visit == running.visit
    assert not world.told("Mia", "plan.running")


async def test_the_threat_is_found_at_the_door_too(world: World) -> None:
    """Looked at again at begin, whatever was missed before: the watch begins at the risk as it is then."""
    await trained(world, "Ben")
    coming = await world.plan("Ben", after=10)
    async with world.database.transaction() as tx:
        await families.add_fact(tx, coming.family_id, "open_threat", tx.now.date(), source="police", by=None)
    await world.jump(10)
    await world.do("Ben", words.begin, coming.id, Word())
    after = (await world.visit(coming.id)).visit
    assert after.risk is Risk.HIGH and after.watches[0].interval == timedelta(minutes=15)
    await world.deliver()
    assert world.told("Mia", "manager.begun_undecided")


async def test_who_is_kept_off_the_family_hears_nothing_of_it_even_where_nobody_is_on_duty(world: World) -> None:
    row = await been(world, "Ann")
    running = await world.inside("Ben", minutes=60)
    async with world.database.transaction() as tx:
        await tx.conn.execute(text("DELETE FROM rota"))
        mia = world.ids["Mia"]
        await exclusions.add(tx, world.agency_id, mia, family_id=row.family_id, reason="her brother's", by=None)
    world.sent.clear()
    await first_part(world, row, "open_threat")
    assert not world.told("Mia") and world.told("Dev", "plan.running")
    assert (await world.visit(running.id)).visit.risk is Risk.HIGH


async def caught_up(world: World) -> int:
    async with world.database.transaction() as tx:
        found = await CHASES["visits"](tx, 20)
    await world.deliver()
    return found


async def test_a_visit_that_was_planned_while_a_threat_was_being_told_is_looked_at_again_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await trained(world, "Ben")
    rows = {ref: await been(world, "Ann", ref=ref) for ref in ("F-1", "F-2")}
    missed = [await world.plan("Ben", after=minutes, ref=ref) for ref, minutes in (("F-1", 300), ("F-2", 400))]
    with monkeypatch.context() as during:
        during.setattr(renewing, "renew_family", _not_there_yet)
        during.setattr(plans, "renew_family", _not_there_yet)
        for row in rows.values():
            await first_part(world, row, "open_threat")
    assert {(await world.visit(each.id)).visit.status for each in missed} == {Status.PLANNED}
    async with world.database.transaction() as tx:
        spoilt = "UPDATE measure SET says = :spoilt WHERE family_id = (SELECT id FROM family WHERE ref = 'F-1')"
        await tx.conn.execute(text(spoilt), {"spoilt": b"nothing that a key opens"})
    assert await caught_up(world) == 2
    after = await world.visit(missed[1].id)
    assert after.visit.status is Status.WAITING and after.visit.risk is Risk.HIGH
    assert after.lacking[0]["says"] == "Two people" and world.told("Mia", "decision.wanted")
    assert await caught_up(world) == 0, "what could not be read is not tried again in the same moment"
    await world.jump(16)
    assert await caught_up(world) == 1, "nor is it forgotten; and what was found stays found"


async def test_a_visit_that_was_planned_in_the_moment_of_a_debrief_that_changes_no_plan_is_looked_at_again(
    world: World,
) -> None:
    await been(world, "Ann")
    row = await world.plan("Ben", after=300)
    async with world.database.transaction() as tx:
        await families.add_fact(tx, row.family_id, "open_threat", tx.now.date(), source="debrief", by=None)
    assert await caught_up(world) == 1
    after = await world.visit(row.id)
    assert after.visit.risk is Risk.HIGH and after.visit.status is Status.WAITING
    assert len(world.told("Mia", "decision.wanted")) == 1
    await world.jump(2)
    assert await caught_up(world) == 1 and len(world.told("Mia", "decision.wanted")) == 1, "it is told once"
    await world.jump(14)
    assert await caught_up(world) == 0, "and looked at again for a few minutes only"


async def test_nothing_known_yet_is_not_said_beside_what_became_known(world: World) -> None:
    row = await world.plan("Ben", after=300)
    assert "unknown_family" in {each["key"] for each in row.because}
    async with world.database.transaction() as tx:
        await families.add_fact(tx, row.family_id, "open_threat", tx.now.date(), source="police", by=None)
        await renewing.renew_family(tx, row.family_id)
    keys = [each["key"] for each in (await world.visit(row.id)).because]
    assert "unknown_family" not in keys and keys
    async with world.database.transaction() as tx:
        await renewing.renew_family(tx, row.family_id)
    assert [each["key"] for each in (await world.visit(row.id)).because] == keys


async def test_every_visit_gets_its_turn_to_be_looked_at_again_however_many_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await been(world, "Ann")
    missed = [await world.plan("Ben", after=minutes) for minutes in (100, 200, 300)]
    with monkeypatch.context() as during:
        during.setattr(renewing, "renew_family", _not_there_yet)
        during.setattr(plans, "renew_family", _not_there_yet)
        await first_part(world, row, "open_threat")
    real = renewing.renew_visit

    async def fails_at_first(tx: Tx, one: VisitRow, **more: Any) -> VisitRow:
        if one.id == min(each.id for each in missed):
            raise ValueError("spoilt")
        return await real(tx, one, **more)

    monkeypatch.setattr(renewing, "renew_visit", fails_at_first)
    for _ in missed:
        async with world.database.transaction() as tx:
            await CHASES["visits"](tx, 1)
    found = [(await world.visit(each.id)).visit.risk for each in sorted(missed, key=lambda each: each.id)]
    assert found[1:] == [Risk.HIGH, Risk.HIGH] and found[0] is not Risk.HIGH


async def test_of_very_many_watches_some_are_looked_at_at_a_time_and_none_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coming, "LOOKED_AT", 2)
    row = await been(world, "Ann")
    for number in range(5):
        await world.plan("Ben", after=100 + number, ref=f"O-{number}")
    missed = [await world.plan("Ben", after=minutes) for minutes in (50, 102, 300)]
    with monkeypatch.context() as during:
        during.setattr(renewing, "renew_family", _not_there_yet)
        during.setattr(plans, "renew_family", _not_there_yet)
        await first_part(world, row, "open_threat")
    found = [await caught_up(world) for _ in range(4)]
    assert sum(found) == 3 and max(found) < 3
    assert {(await world.visit(each.id)).visit.risk for each in missed} == {Risk.HIGH}


async def _not_there_yet(*_: Any, **__: Any) -> None:
    """Whoever tells of the threat does not see the visits that are being planned."""


async def test_at_the_door_the_plan_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await world.plan("Ben", after=5)
    real, read = measure_rows.in_force, []

    async def counted(tx: Tx, family_id: UUID) -> Any:
        read.append(family_id)
        return await real(tx, family_id)

    monkeypatch.setattr(measure_rows, "in_force", counted)
    async with world.database.transaction() as tx:
        await renewing.at_the_door(tx, world.ids["Ben"], row.id)
    assert read == [row.family_id]
