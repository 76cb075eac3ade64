"""A planned visit is changed before it begins: decisions on it are void, whoever goes is watched from the new start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from safety_service.actions import changing, decisions, exclusions, visit_story, words
from safety_service.actions.errors import NotFound
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.replanning import replanned
from safety_service.domain.words import Decided, Phase, Risk, Role, Stage, Status
from safety_service.store import people
from safety_service.store.visits import VisitRow
from tests.world import MINUTE, World

HIGH = {"raise": "yes"}


def asked(world: World, row: VisitRow, **more: Any) -> PlanRequest:
    """The visit as it is planned, but for what is given."""
    plain = PlanRequest(
        family_ref=row.family_ref,
        starts_at=row.visit.starts_at,
        ends_at=row.visit.ends_at,
        address_text=row.address["text"],
        purpose=row.purpose,
        workers=tuple(row.workers),
        answers=row.answers,
    )
    return replace(plain, **more)


async def change(world: World, who: str, row: VisitRow, **more: Any) -> VisitRow:
    now = await world.visit(row.id)
    await world.do(who, changing.change_visit, row.id, asked(world, now, **more), seen=now.version)
    return await world.visit(row.id)


async def test_a_change_arms_everybody_from_the_new_start(world: World) -> None:
    row = await world.plan(after=60)
    later = row.visit.starts_at + 30 * MINUTE
    after = await change(world, "Ann", row, starts_at=later, ends_at=later + 20 * MINUTE, address_text="2 Oak Lane")
    (watch,) = after.visit.watches
    assert (after.visit.starts_at, after.address["text"], after.version) == (later, "2 Oak Lane", row.version + 1)
    assert watch.phase is Phase.BEGIN and watch.due_at == later and watch.ends_at == later + 20 * MINUTE
    assert watch.alarm_at is not None and watch.next_at is not None and watch.stage is Stage.REMIND
    await world.later(120)
    (alert,) = await world.alerts()
    assert alert.alert.kind == "not_begun" and alert.alert.due_at == later


@pytest.mark.parametrize(
    "what",
    [
        {"address_text": "2 Oak Lane"},
        {"purpose": "review"},
        {"answers": {**HIGH, "joint": "police"}},
        {"ends": 10},
        {"workers": ("Ann", "Ben")},
    ],
    ids=["address", "purpose", "plan", "times", "people"],
)
async def test_a_change_voids_the_decision_and_the_visit_waits_again(world: World, what: dict[str, Any]) -> None:
    row = await world.plan(after=60, answers=HIGH)
    assert row.visit.status is Status.WAITING
    await world.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD, "Talked it through")
    assert (await world.visit(row.id)).visit.status is Status.PLANNED
    if "ends" in what:
        what = {"ends_at": row.visit.ends_at + what["ends"] * MINUTE}
    if "workers" in what:
        what = {"workers": tuple(world.ids[each] for each in what["workers"])}
    after = await change(world, "Ann", row, **what)
    assert after.visit.status is Status.WAITING and after.decision is None
    story = await world.do("Mia", visit_story.of, row.id)
    assert [(each.kind, each.stands) for each in story.decisions] == [(Decided.GO_AHEAD, False)]
    await world.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD, "Seen again", seen=after.version)
    again = await world.visit(row.id)
    assert again.visit.status is Status.PLANNED and again.decision is not None and again.decision.reason == "Seen again"


async def test_a_change_never_takes_the_address_of_another_visit(world: World) -> None:
    """What is as last time when a visit is planned is no reason to send somebody to another door afterwards."""
    nowhere = await world.plan(after=60, address="")
    await world.plan(after=600, address="9 Elm Road")
    after = await change(world, "Ann", nowhere, purpose="review")
    assert (after.purpose, after.address["text"]) == ("review", "")
    somewhere = await change(world, "Ann", after, address_text="2 Oak Lane")
    emptied = await change(world, "Ann", somewhere, address_text="")
    assert emptied.address == {"text": "", "latitude": None, "longitude": None}


async def test_a_decision_on_an_older_plan_is_refused(world: World) -> None:
    row = await world.plan(after=60, answers=HIGH)
    await change(world, "Ann", row, address_text="2 Oak Lane")
    with pytest.raises(Refused, match="changed_meanwhile"):
        await world.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD, "As I read it", seen=row.version)
    assert (await world.visit(row.id)).visit.status is Status.WAITING


async def test_two_who_change_it_at_once_do_not_undo_each_other(world: World) -> None:
    row = await world.plan(after=60)
    await change(world, "Mia", row, address_text="2 Oak Lane")
    with pytest.raises(Refused, match="changed_meanwhile"):
        await world.do("Ann", changing.change_visit, row.id, asked(world, row, purpose="x"), seen=row.version)
    assert (await world.visit(row.id)).address["text"] == "2 Oak Lane"


async def test_once_its_start_has_come_no_desk_moves_it(world: World) -> None:
    row = await world.plan(after=10)
    await world.later(10)
    with pytest.raises(Refused, match="change_only_before_start"):
        await change(world, "Mia", row, starts_at=world.now + 60 * MINUTE, ends_at=world.now + 90 * MINUTE)
    inside = await world.inside("Ben", ref="F-2")
    with pytest.raises(Refused, match="change_only_before_start"):
        await change(world, "Mia", inside, starts_at=world.now + 60 * MINUTE, ends_at=world.now + 90 * MINUTE)


async def test_who_is_on_the_way_there_is_not_left_unasked_for_longer(world: World) -> None:
    first = await world.inside("Ann", ref="F-1")
    following = await world.plan("Ann", ref="F-2", after=60)
    await world.do("Ann", words.left, first.id, Word())
    (watch,) = (await world.visit(following.id)).visit.watches
    assert watch.carries_home
    late = following.visit.starts_at + 60 * MINUTE
    with pytest.raises(Refused, match="on_their_way"):
        await change(world, "Mia", following, starts_at=late, ends_at=late + 30 * MINUTE)
    with pytest.raises(Refused, match="on_their_way"):
        await change(world, "Mia", following, workers=(world.ids["Ben"],))
    sooner = following.visit.starts_at - 10 * MINUTE
    after = await change(world, "Mia", following, starts_at=sooner)
    assert after.visit.watches[0].due_at == sooner and after.visit.watches[0].carries_home


async def test_somebody_else_goes_and_both_hear_of_it(world: World) -> None:
    row = await world.plan("Ann", after=60)
    after = await change(world, "Mia", row, workers=(world.ids["Ben"],))
    assert after.workers == {world.ids["Ben"]}
    await world.deliver()
    assert world.told("Ann", "visit.taken_off") and world.told("Ben", "visit.planned")
    await world.later(100)
    (alert,) = await world.alerts()
    assert world.name(alert.alert.worker_id) == "Ben"


async def test_nobody_is_taken_off_who_has_been_heard_of_there(world: World) -> None:
    row = await world.plan("Ann", after=60)
    await world.do("Ann", words.sos, row.id, Word())
    with pytest.raises(Refused, match="heard_of_already"):
        await change(world, "Mia", row, workers=(world.ids["Ben"],))
    after = await change(world, "Mia", row, workers=(world.ids["Ann"], world.ids["Ben"]))
    assert len(after.visit.watches) == 2


async def test_only_a_manager_who_does_not_go_lowers_the_risk(world: World) -> None:
    row = await world.plan(after=60, answers=HIGH)
    after = await change(world, "Ann", row, answers={})
    assert after.visit.risk is Risk.HIGH and "raised" in {each["key"] for each in after.because}
    assert after.visit.status is Status.WAITING
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Ann"], world.team_id, frozenset({Role.PRACTITIONER, Role.MANAGER}))
    assert (await change(world, "Ann", row, answers={})).visit.risk is Risk.HIGH, "not on a visit of one's own"
    after = await change(world, "Mia", row, answers={})
    assert after.visit.risk is not Risk.HIGH


async def test_who_may_not_change_it(world: World) -> None:
    row = await world.plan("Ann", after=60)
    for who, why in (("Ben", NotFound), ("Adam", NotFound), ("Rita", Refused)):
        with pytest.raises(why):
            await change(world, who, row, purpose="x")
    async with world.database.transaction() as tx:
        admin = await world.actor(tx, "Adam")
        await exclusions.add(tx, admin, world.ids["Mia"], worker_id=world.ids["Ann"], reason="they are married")
    with pytest.raises(NotFound):
        await change(world, "Mia", row, purpose="x")


async def test_a_colleague_who_changes_it_stays_on_it(world: World) -> None:
    row = await world.plan("Ann", after=60)
    with pytest.raises(Refused, match="not_your_visit"):
        await change(world, "Ann", row, workers=(world.ids["Ben"],))


async def test_a_start_in_the_past_and_times_that_make_no_sense_are_refused(world: World) -> None:
    row = await world.plan(after=60)
    with pytest.raises(Refused, match="starts_in_the_past"):
        await change(world, "Ann", row, starts_at=world.now - MINUTE)
    with pytest.raises(Refused, match="ends_before_it_starts"):
        await change(world, "Ann", row, ends_at=row.visit.starts_at)
    with pytest.raises(Refused, match="visit_too_long"):
        await change(world, "Ann", row, ends_at=row.visit.starts_at + timedelta(days=2))


async def test_the_rule_itself_moves_nothing_that_somebody_waits_for(world: World) -> None:
    visit = (await world.inside("Ann")).visit
    start = world.now + 60 * MINUTE
    async with world.database.reading() as tx:
        policy = await tx.policy()
    with pytest.raises(Refused, match="change_only_before_start"):
        replanned(
            visit,
            (world.ids["Ann"],),
            risk=visit.risk,
            starts_at=start,
            ends_at=start + 30 * MINUTE,
            interval=None,
            travel=visit.travel,
            now=world.now,
            policy=policy,
        )
