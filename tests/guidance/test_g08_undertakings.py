"""G8: what is expected of a family is written down, shown while it holds, and what becomes of it is noted below."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from safety_service.actions import debriefs as telling
from safety_service.actions import undertakings as actions
from safety_service.actions.errors import NotFound
from safety_service.actions.undertakings import Terms
from safety_service.domain.refusal import Refused
from safety_service.store import debriefs, exclusions, undertakings
from safety_service.store.tables.plans import undertaking_note
from safety_service.store.undertakings import Undertaking
from safety_service.store.visits import VisitRow
from tests.guidance.around import CHILD_PART, bad_visit, chased, everything_said, told
from tests.talk import Talk
from tests.world import World

REVIEW = date(2026, 12, 1)


def terms(**more: Any) -> Terms:
    usual: dict[str, Any] = {
        "concern": "Shouting at whoever comes to the door",
        "expected": "Nobody raises their voice, and the dog is shut away",
        "otherwise": "We meet at the office from then on",
        "told": "Both parents, by Ann",
        "told_on": date(2026, 11, 16),
        "review_on": REVIEW,
        "agencies": {"School": "Lets us know the same day", "Police": "Comes along for four weeks"},
    }
    return Terms(**{**usual, **more})


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


async def made(world: World, **more: Any) -> Undertaking:
    return await world.do("Mia", actions.make, "F-1", terms(**more))


async def test_it_comes_back_as_it_was_written_and_holds_for_the_family(world: World, row: VisitRow) -> None:
    one = await made(world)
    await world.opens("Rita")
    for who in ("Ann", "Mia", "Rita"):
        (kept,) = await world.do(who, actions.of_family, "f-1")
        assert kept.row == one and kept.notes == []
    assert one.body["agencies"]["Police"] == "Comes along for four weeks" and one.body["told_on"] == "2026-11-16"
    async with world.database.reading() as tx:
        assert [each.id for each in await undertakings.open_of_family(tx, row.family_id)] == [one.id]


async def test_without_what_follows_or_a_day_to_look_again_it_is_none(world: World, row: VisitRow) -> None:
    with pytest.raises(Refused, match="undertaking_lacks"):
        await made(world, otherwise=" ")
    with pytest.raises(Refused, match="review_wanted"):
        await made(world, review_on=world.now.date())


async def test_a_day_so_far_away_that_nobody_sees_it_is_no_day_to_look_again(world: World, row: VisitRow) -> None:
    for day in (date(2032, 1, 1), date.max):
        with pytest.raises(Refused, match="review_too_far"):
            await made(world, review_on=day)
    one = await made(world, review_on=date(2031, 11, 16))
    for state in ("open", "broken"):
        with pytest.raises(Refused, match="review_too_far"):
            await world.do("Mia", actions.note, one.id, state, "Goes on", date.max)
    assert (await world.do("Mia", actions.note, one.id, "open", "Goes on", date(2027, 1, 11))).state == "open"


async def test_a_manager_writes_it_and_nobody_else(world: World, row: VisitRow) -> None:
    await world.opens("Rita")
    for who in ("Ann", "Rita"):
        with pytest.raises(Refused, match="managers_only"):
            await world.do(who, actions.make, "F-1", terms())
    with pytest.raises(NotFound):
        await world.do("Ben", actions.of_family, "F-1")


async def test_who_is_kept_off_the_family_never_learns_of_it(world: World, row: VisitRow) -> None:
    one = await made(world)
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Dev"], family_id=row.family_id, reason="brother", by=None)
    with pytest.raises(NotFound):
        await world.do("Dev", actions.read, one.id)
    with pytest.raises(NotFound):
        await world.do("Dev", actions.note, one.id, "broken", "He shouted")
    await world.do("Mia", actions.note, one.id, "broken", "He shouted")
    await world.deliver()
    assert not world.told("Dev", "undertaking")


async def test_broken_reaches_every_manager_and_says_nothing_of_why_in_a_chat(world: World, row: VisitRow) -> None:
    one = await made(world)
    await world.do("Mia", actions.note, one.id, "broken", "He let the dog out on Friday")
    await world.deliver()
    assert {world.name(each.person_id) for each in world.sent} == {"Dev"}, "and Mia knows"
    assert world.told("Dev", "undertaking.broken")[0].params["page"] == f"/undertakings/{one.id}"
    said = await everything_said(world)
    assert "dog" not in said and "voice" not in said
    (kept,) = await world.do("Ann", actions.of_family, "F-1")
    assert kept.row.state == "broken" and [each.note for each in kept.notes] == ["He let the dog out on Friday"]
    async with world.database.reading() as tx:
        assert await undertakings.open_of_family(tx, row.family_id), "what follows from it is not over"


async def test_kept_or_ended_is_over_and_needs_its_words(world: World, row: VisitRow) -> None:
    one = await made(world)
    with pytest.raises(Refused, match="reason_wanted"):
        await world.do("Mia", actions.note, one.id, "kept", "  ")
    await world.do("Mia", actions.note, one.id, "kept", "Four calm visits")
    with pytest.raises(Refused, match="undertaking_over"):
        await world.do("Mia", actions.note, one.id, "broken", "After all")
    async with world.database.reading() as tx:
        assert await undertakings.open_of_family(tx, row.family_id) == []
    world.clock.at = world.now + timedelta(days=60)
    assert await chased(world, actions.chase) == []


async def test_a_note_stands(world: World, row: VisitRow) -> None:
    one = await made(world)
    await world.do("Mia", actions.note, one.id, "broken", "He shouted")
    with pytest.raises(DBAPIError):
        async with world.database.transaction() as tx:
            await tx.conn.execute(update(undertaking_note).values(state="kept"))


async def test_on_its_day_the_manager_on_duty_is_asked_and_again_until_it_was_looked_at(
    world: World, row: VisitRow
) -> None:
    one = await made(world)
    world.clock.at = world.now.replace(month=12, day=1, hour=8, minute=59)
    assert await chased(world, actions.chase) == []
    world.clock.at = world.now.replace(hour=9, minute=0)
    assert await chased(world, actions.chase) == ["Mia undertaking.review"]
    assert await chased(world, actions.chase) == []
    world.clock.move(timedelta(days=7))
    assert await chased(world, actions.chase) == ["Dev undertaking.review", "Mia undertaking.review"]
    with pytest.raises(Refused, match="review_wanted"):
        await world.do("Mia", actions.note, one.id, "open", "Goes on", world.now.date())
    await world.do("Mia", actions.note, one.id, "open", "Goes on", date(2027, 1, 11))
    assert await chased(world, actions.chase) == []


async def test_what_a_debrief_says_of_it_is_noted(world: World, row: VisitRow) -> None:
    one = await made(world)
    await told(world, row, actions.follow, undertaking="kept")
    async with world.database.reading() as tx:
        assert (await undertakings.notes_of(tx, [one.id]))[one.id] == [], "it waits for the whole debrief"
    debrief = await told(world, row, actions.follow, whole=True, undertaking="kept")
    (kept,) = await world.do("Mia", actions.of_family, "F-1")
    assert kept.row.state == "open" and [(each.state, each.debrief_id) for each in kept.notes] == [("kept", debrief.id)]
    await told(world, row, actions.follow, whole=True, undertaking="broken")
    (kept,) = await world.do("Mia", actions.of_family, "F-1")
    assert kept.row.state == "broken" and [each.state for each in kept.notes] == ["kept", "broken"]
    assert world.told("Mia", "undertaking.broken") and world.told("Dev", "undertaking.broken")


async def test_broken_comes_through_the_debrief_to_the_managers(world: World, row: VisitRow) -> None:
    one = await made(world)
    async with world.database.reading() as tx:
        debrief = await debriefs.of_visit(tx, row.id, world.ids["Ann"])
    assert debrief is not None
    answers = {"mood": "bad", "seen": "no", "go_on": "yes", "met": ["argued"], **CHILD_PART}
    answers |= {"undertaking": "broken"}
    await world.do("Ann", telling.submit, debrief.id, answers)
    (kept,) = await world.do("Mia", actions.of_family, "F-1")
    assert kept.row.state == "broken" and [each.debrief_id for each in kept.notes] == [debrief.id]
    (bubble,) = [each for each in await Talk(world).screen("Mia") if each.template == "undertaking.broken"]
    (button,) = [each for line in bubble.shown.buttons for each in line]
    assert button.url == f"https://doorstep.example/undertakings/{one.id}"


async def test_of_several_the_managers_say_which_one_was_broken(world: World, row: VisitRow) -> None:
    await made(world)
    await made(world, concern="Photographs of workers")
    await told(world, row, actions.follow, whole=True, undertaking="broken")
    assert world.told("Mia", "undertaking.which")
    assert {each.row.state for each in await world.do("Mia", actions.of_family, "F-1")} == {"open"}
