"""C8: quiet debriefs file themselves, a sample is drawn, difficult ones are chased until somebody has reviewed them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from safety_service.actions import debrief_log, planning, reviews
from safety_service.actions.errors import NotFound
from safety_service.actions.planning import PlanRequest
from safety_service.domain.refusal import Refused
from safety_service.domain.reviewing import drawn
from safety_service.domain.words import Role
from safety_service.store import exclusions, people
from safety_service.store.ids import new_id
from safety_service.store.tables.learning import debrief
from scheduler.chaser import Chaser
from tests.debriefs import given
from tests.world import World


async def test_a_quiet_one_files_itself_and_the_sample_is_drawn_by_its_id(world: World) -> None:
    drawn_id = next(each for each in iter(new_id, None) if drawn(each, 0.05))
    other_id = next(each for each in iter(new_id, None) if not drawn(each, 0.05))
    sampled, filed = await given(world, id=drawn_id), await given(world, "Ben", ref="F-2", id=other_id)
    assert (await column(world, filed, "review"), await column(world, filed, "sampled")) == ("filed", False)
    assert (await column(world, sampled, "review"), await column(world, sampled, "sampled")) == ("wanted", True)
    assert await column(world, sampled, "review_next_at") is None


def test_about_one_in_twenty_is_drawn() -> None:
    assert 350 < sum(drawn(new_id(), 0.05) for _ in range(10_000)) < 650
    assert not drawn(new_id(), 0) and drawn(new_id(), 1)


@pytest.mark.parametrize("answers", [{"hurt": "yes"}, {"go_on": "stop_visits"}, {"go_on": "ring_me"}])
async def test_what_went_to_the_managers_at_once_is_reviewed_whatever_was_met(
    world: World, answers: dict[str, str]
) -> None:
    made = await given(world, answers=answers)
    assert await column(world, made, "review") == "wanted"


async def test_a_difficult_one_is_chased_until_somebody_reviewed_it(world: World) -> None:
    bad = await given(world, "Ann", behaviours=["argued"], severity="medium")
    chaser = Chaser(world.database, {"reviews": reviews.sweep_reviews})
    world.clock.move(timedelta(days=2))
    await chaser.once()
    await world.deliver()
    assert not world.told("Mia", "review.wanted")
    for day in range(2):
        world.clock.move(timedelta(days=1, hours=1))
        await chaser.once()
        await chaser.once()
        await world.deliver()
        told = [len(world.told(who, "review.wanted")) for who in ("Mia", "Dev", "Rita", "Ann", "Adam")]
        assert told == [day + 1] * 3 + [0, 0]
    await world.do("Rita", reviews.review, bad, "Read, and talked about with Ann")
    world.clock.move(timedelta(days=9))
    await chaser.once()
    assert not await world.deliver()
    assert (await column(world, bad, "state"), await column(world, bad, "review")) == ("reviewed", "done")
    assert await column(world, bad, "review_note") == "Read, and talked about with Ann"


async def test_the_question_to_review_says_no_name_and_no_family_in_a_public_place(world: World) -> None:
    from zoneinfo import ZoneInfo

    from bots.dialogue.render import render

    await given(world, "Ann", behaviours=["argued"], severity="medium")
    world.clock.move(timedelta(days=4))
    await Chaser(world.database, {"reviews": reviews.sweep_reviews}).once()
    await world.deliver()
    sent = world.told("Mia", "review.wanted")[0]
    zone = ZoneInfo("Europe/London")
    public = render(sent.template, sent.params, channel="telegram", ceiling="public", zone=zone)
    assert "Ann" not in public.text and "F-1" not in public.text
    shown = render(
        sent.template, sent.params, channel="webchat", ceiling="plan", zone=zone, public_url="https://d.example"
    )
    assert "Ann" in shown.text
    assert [button.url for row in shown.buttons for button in row] == [f"https://d.example{sent.params['page']}"]


async def test_nobody_is_asked_to_review_who_is_kept_off_it(world: World) -> None:
    bad = await given(world, "Ann", behaviours=["argued"], severity="medium")
    async with world.database.transaction() as tx:
        family_id = await _family_of(tx, bad)
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=family_id, reason="hers", by=None)
    world.clock.move(timedelta(days=4))
    await Chaser(world.database, {"reviews": reviews.sweep_reviews}).once()
    await world.deliver()
    assert not world.told("Mia", "review.wanted") and world.told("Dev", "review.wanted")


async def test_nobody_reviews_their_own_or_without_a_word_or_twice(world: World) -> None:
    async with world.database.transaction() as tx:
        both = frozenset({Role.PRACTITIONER, Role.MANAGER})
        await people.set_roles(tx, world.ids["Ann"], world.team_id, both)
    hers = await given(world, "Ann", behaviours=["argued"], severity="medium")
    with pytest.raises(Refused, match="never_your_own"):
        await world.do("Ann", reviews.review, hers, "All fine")
    with pytest.raises(Refused, match="note_missing"):
        await world.do("Mia", reviews.review, hers, "  ")
    await world.do("Mia", reviews.review, hers, "Read")
    with pytest.raises(Refused, match="reviewed_already"):
        await world.do("Dev", reviews.review, hers, "Read again")
    begun = await given(world, "Ben", ref="F-2", whole=False)
    with pytest.raises(Refused, match="debrief_not_given"):
        await world.do("Mia", reviews.review, begun, "Read")


async def test_an_unreviewed_difficult_debrief_is_a_line_of_the_next_visits_risk(world: World) -> None:
    bad = await given(world, "Ann", behaviours=["argued"], severity="medium")
    assert "unreviewed" in await _lines(world, "F-1")
    assert "unreviewed" not in await _lines(world, "F-2")
    await world.do("Mia", reviews.review, bad, "Read")
    assert "unreviewed" not in await _lines(world, "F-1")
    await given(world, "Ben", ref="F-3", whole=False, behaviours=["argued"], severity="medium")
    assert "unreviewed" in await _lines(world, "F-3")


async def test_comments_are_read_by_all_who_read_the_debrief_and_stay(world: World) -> None:
    hers = await given(world, "Ann")
    await world.opens("Rita")
    await world.do("Rita", reviews.comment, hers, "Well handled")
    await world.do("Ann", reviews.comment, hers, "Thank you")
    read = await world.do("Mia", debrief_log.read, hers)
    assert [(world.name(each.by), each.text) for each in read.comments] == [
        ("Rita", "Well handled"),
        ("Ann", "Thank you"),
    ]
    with pytest.raises(NotFound):
        await world.do("Ben", reviews.comment, hers, "Me too")


async def column(world: World, debrief_id: UUID, name: str) -> Any:
    async with world.database.reading() as tx:
        return (await tx.conn.execute(select(debrief.c[name]).where(debrief.c.id == debrief_id))).scalar_one()


async def _family_of(tx: Any, debrief_id: UUID) -> UUID:
    query = select(debrief.c.family_id).where(debrief.c.id == debrief_id)
    found: UUID = (await tx.conn.execute(query)).scalar_one()
    return found


async def _lines(world: World, ref: str) -> set[str]:
    """The true risk lines of a visit that is planned now."""
    asked = PlanRequest(family_ref=ref, starts_at=world.now, ends_at=world.now + timedelta(minutes=30))
    _, because = await world.do("Ben", planning.judge_risk, asked)
    return {each.key for each in because}
