"""G12: agencies meet about a family, and it ends in a plan, decisions with owners and a day to look again."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from safety_service.actions import items, meetings
from safety_service.actions import plans as plan_actions
from safety_service.actions.chases import CHASES
from safety_service.actions.errors import NotFound
from safety_service.actions.meetings import Seen
from safety_service.domain.gathering import Agreed, Call, Kind, Outcome, Parents
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions, plans, teams
from safety_service.store.items import Item
from safety_service.store.visits import VisitRow
from tests.guidance.around import agency_at, bad_visit, chased, everything_said
from tests.world import World

WHY = "Three of us were threatened there in one month"
REVIEW = date(2026, 12, 14)
OUTCOME = Outcome(
    notes="Nobody goes alone until the new year",
    review_on=REVIEW,
    decisions=(Agreed(what="Ask the landlord for a light at the door", who="Housing", due_on=date(2026, 11, 30)),),
)


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


def wanted(world: World, **more: Any) -> Call:
    call = Call(
        kind=Kind.RISK,
        meets_at=world.now + timedelta(days=2),
        why=WHY,
        share_what="That we met, and what we decided",
        share_how="Ann tells them",
        share_when="On Monday",
    )
    return replace(call, **more)


async def called(world: World, **more: Any) -> Seen:
    return await world.do("Mia", meetings.call, "F-1", wanted(world, **more))


async def open_items(world: World, row: VisitRow) -> list[Item]:
    async with world.database.reading() as tx:
        return await items.open_of_family(tx, row.family_id)


async def test_it_is_called_with_the_agencies_that_are_asked_and_what_the_family_hears(
    world: World, row: VisitRow
) -> None:
    school = await agency_at(world, row.family_id, "School")
    await agency_at(world, row.family_id, "Club")
    one = await called(world, invited=(school,))
    (seen,) = await world.do("Ann", meetings.of_family, "F-1")
    assert seen.row == one.row and [each.organisation for each in seen.invited] == ["School"]
    assert seen.row.body["share_how"] == "Ann tells them" and seen.row.state == "called"
    await world.deliver()
    assert world.told("Dev", "meeting.called")[0].params["page"] == f"/meetings/{one.row.id}"
    assert not world.told("Mia", "meeting") and WHY not in await everything_said(world)


async def test_a_call_lacks_nothing(world: World, row: VisitRow) -> None:
    elsewhere = await bad_visit(world, "Ben", ref="F-2")
    other = await agency_at(world, elsewhere.family_id)
    for code, more in (
        ("reason_wanted", {"why": " "}),
        ("meets_before_now", {"meets_at": world.now}),
        ("parents_why_wanted", {"parents": Parents.EXCLUDED}),
        ("share_wanted", {"share_when": ""}),
        ("invited_unknown", {"invited": (other,)}),
    ):
        with pytest.raises(Refused, match=code):
            await called(world, **more)
    one = await called(world, parents=Parents.EXCLUDED, parents_why="They threatened the chair")
    assert one.row.body["parents_why"] == "They threatened the chair"


async def test_managers_call_and_those_who_are_kept_off_know_of_none(world: World, row: VisitRow) -> None:
    await world.opens("Rita")
    for who in ("Ann", "Rita"):
        with pytest.raises(Refused, match="managers_only"):
            await world.do(who, meetings.call, "F-1", wanted(world))
    one = await called(world)
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Dev"], family_id=row.family_id, reason="cousin", by=None)
    for action, what in ((meetings.read, one.row.id), (meetings.of_family, "F-1")):
        with pytest.raises(NotFound):
            await world.do("Dev", action, what)
    with pytest.raises(NotFound):
        await world.do("Dev", meetings.hold, one.row.id, OUTCOME)
    with pytest.raises(NotFound):
        await world.do("Ben", meetings.read, one.row.id)


async def test_held_it_ends_in_a_version_of_the_plan_and_open_decisions(world: World, row: VisitRow) -> None:
    one = await called(world)
    mine = Agreed(what="Two people from now on", owner_id=world.ids["Ann"])
    seen = await world.do("Mia", meetings.hold, one.row.id, replace(OUTCOME, decisions=(*OUTCOME.decisions, mine)))
    async with world.database.reading() as tx:
        latest = await plans.latest(tx, row.family_id)
    assert latest is not None
    assert (latest.number, latest.cause, latest.review_on) == (seen.row.plan_number, "meeting", REVIEW)
    assert seen.row.state == "held" and seen.row.review_on == REVIEW
    opened = await open_items(world, row)
    assert [(each.kind, each.body["text"], each.owner_id) for each in opened] == [
        ("action", "Ask the landlord for a light at the door", world.ids["Mia"]),
        ("action", "Two people from now on", world.ids["Ann"]),
    ]
    assert {each["item_id"] for each in seen.row.body["decisions"]} == {str(each.id) for each in opened}


async def test_without_a_review_notes_and_owners_it_was_not_held(world: World, row: VisitRow) -> None:
    one = await called(world)
    for code, outcome in (
        ("notes_wanted", replace(OUTCOME, notes="")),
        ("review_wanted", replace(OUTCOME, review_on=world.now.date())),
        ("review_too_far", replace(OUTCOME, review_on=world.now.date() + timedelta(days=1831))),
        ("owner_wanted", replace(OUTCOME, decisions=(Agreed(what="A light"),))),
        ("not_in_team", replace(OUTCOME, decisions=(Agreed(what="A light", owner_id=world.ids["Rita"]),))),
    ):
        with pytest.raises(Refused, match=code):
            await world.do("Mia", meetings.hold, one.row.id, outcome)
    async with world.database.reading() as tx:
        assert await plans.latest(tx, row.family_id) is None
    assert await open_items(world, row) == []


async def test_it_is_over_once(world: World, row: VisitRow) -> None:
    one = await called(world)
    with pytest.raises(Refused, match="reason_wanted"):
        await world.do("Mia", meetings.cancel, one.row.id, "")
    gone = await world.do("Mia", meetings.cancel, one.row.id, "The school cannot come")
    assert gone.row.state == "cancelled" and gone.row.body["cancelled_why"] == "The school cannot come"
    for action, more in ((meetings.hold, OUTCOME), (meetings.cancel, "again")):
        with pytest.raises(Refused, match="meeting_over"):
            await world.do("Mia", action, one.row.id, more)
    world.clock.move(timedelta(days=9))
    assert await chased(world, meetings.chase) == []


async def test_one_that_was_not_held_is_asked_after_and_so_is_its_review(world: World, row: VisitRow) -> None:
    one = await called(world)
    world.clock.move(timedelta(days=2))
    assert await chased(world, meetings.chase) == ["Dev meeting.overdue", "Mia meeting.overdue"]
    assert await chased(world, meetings.chase) == []
    world.clock.move(timedelta(days=7))
    assert len(await chased(world, meetings.chase)) == 2
    await world.do("Mia", meetings.hold, one.row.id, OUTCOME)
    world.clock.at = world.now.replace(month=12, day=14, hour=8, minute=59)
    assert await chased(world, meetings.chase) == []
    world.clock.at = world.now.replace(hour=9, minute=0)
    assert await chased(world, meetings.chase) == ["Dev meeting.review_due", "Mia meeting.review_due"]
    following = await called(world, kind=Kind.REVIEW)
    await world.do("Mia", meetings.hold, following.row.id, replace(OUTCOME, review_on=date(2027, 2, 1)))
    world.clock.move(timedelta(days=30))
    assert await chased(world, meetings.chase) == [], "the next meeting was the review of the one before"


async def test_another_teams_wish_is_for_its_own_managers(world: World, row: VisitRow) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        await items.open_item(
            tx, agency_id=world.agency_id, team_id=south.id, kind="meeting", text="Meet", family_id=row.family_id
        )
    await called(world)
    assert [each.kind for each in await open_items(world, row)] == ["meeting"]


async def test_a_wish_for_one_is_open_until_it_is_called(world: World, row: VisitRow) -> None:
    async with world.database.transaction() as tx:
        await items.open_item(
            tx,
            agency_id=world.agency_id,
            team_id=world.team_id,
            kind="meeting",
            key="joint_debrief",
            text="Talk it through together",
            family_id=row.family_id,
            by=world.ids["Ann"],
        )
    assert [each.kind for each in await open_items(world, row)] == ["meeting"]
    await called(world, kind=Kind.JOINT_DEBRIEF)
    assert await open_items(world, row) == []


async def asked_of_mia(world: World, **after: float) -> list[str]:
    """What Mia is asked so much later, by every chase together."""
    await world.deliver()
    world.sent.clear()
    world.clock.move(timedelta(**after))
    for chase in CHASES.values():
        async with world.database.transaction() as tx:
            await chase(tx, 100)
    await world.deliver()
    return sorted(each.template for each in world.told("Mia") if "review" in each.template)


async def test_a_review_is_asked_for_once_by_the_meeting_or_by_the_plan(world: World, row: VisitRow) -> None:
    one = await called(world)
    await world.do("Mia", meetings.hold, one.row.id, replace(OUTCOME, review_on=world.now.date() + timedelta(days=5)))
    assert await asked_of_mia(world, days=5) == ["meeting.review_due"]
    assert await asked_of_mia(world, days=3) == [], "and not for the plan as well"
    assert await asked_of_mia(world, days=4) == ["meeting.review_due"]
    await world.do("Mia", plan_actions.reviewed, "F-1", "as it was", world.now.date() + timedelta(days=3))
    assert await asked_of_mia(world, days=3) == [], "the plan was looked at again"
    assert await asked_of_mia(world, days=1) == ["plan.review"], "its new day is the plan's own"
    assert await asked_of_mia(world, days=4) == ["plan.review"], "and the meeting asks no more"
