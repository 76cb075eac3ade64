"""What comes from a colleague on the same visit is told as theirs: nobody takes it for a sign of whoever is silent."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bots.dialogue.render import render
from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Kind
from safety_service.store import exclusions
from safety_service.store.visits import VisitRow
from tests.danger import DURESS, agreed
from tests.talk import Talk
from tests.world import World

OWN = "Alarm 1, Ann: something came from them at {at}. It stands on the alert's page."
ALONG = "Alarm 1, Ann: something came from Dev, who goes along with Ann, at {at}. It stands on the alert's page."


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def together(world: World) -> VisitRow:
    """Ann and Dev are behind one door."""
    joint = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Dev"]))
    for who in ("Ann", "Dev"):
        await world.do(who, words.begin, joint.id, Word())
    return joint


async def called(world: World) -> VisitRow:
    """Ann called for help some seconds ago, and Mia has it."""
    joint = await together(world)
    await world.do("Ann", words.sos, joint.id, Word())
    await world.do("Mia", alerts.take, (await world.alert()).id)
    world.clock.move(timedelta(seconds=20))
    return joint


async def news(talk: Talk, who: str) -> list[str]:
    return [each.text for each in await talk.screen(who) if each.template.startswith("alert.came")]


async def test_a_word_of_the_colleague_is_no_sign_of_whoever_missed_a_check_in(world: World, talk: Talk) -> None:
    joint = await together(world)
    for _ in range(8):
        await world.later(5)
        await world.do("Dev", words.ok, joint.id, Word())
    alert = await world.alert()
    assert (alert.alert.kind, world.name(alert.alert.worker_id)) == (Kind.MISSED_CHECK_IN, "Ann")
    await talk.says("Dev", "parked")
    assert await news(talk, "Mia") == [ALONG.format(at="09:40")]


async def test_after_a_call_for_help_each_is_told_as_whose_it_is(world: World, talk: Talk) -> None:
    await called(world)
    await talk.sends("Dev", "voice")
    assert await news(talk, "Mia") == [ALONG.format(at="09:00")]
    await talk.says("Ann", "he has locked the door")
    assert await news(talk, "Mia") == [ALONG.format(at="09:00"), OWN.format(at="09:00")], "each has a minute"
    await talk.says("Dev", "I am at the back")
    assert len(await news(talk, "Mia")) == 2, "and within it is told once"


async def test_whoever_is_kept_off_the_colleague_hears_nothing_of_them(world: World, talk: Talk) -> None:
    await called(world)
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], reason="sister", worker_id=world.ids["Dev"], by=None
        )
    await talk.says("Dev", "I am at the back")
    assert await news(talk, "Mia") == []


async def test_of_duress_the_colleague_is_named_to_whoever_has_it_and_beside_the_worker_nothing_changes(
    world: World, talk: Talk
) -> None:
    await agreed(world)
    await together(world)
    screens = {}
    for word in ("hallway", DURESS):
        answers = []
        await talk.says("Ann", word)
        world.clock.move(timedelta(seconds=20))
        for who in ("Ann", "Dev"):
            seen = len(await talk.screen(who))
            await talk.says("Dev", "he is upstairs")
            answers.append([each.text for each in (await talk.screen(who))[seen:]])
        screens[word] = answers
    assert [each.alert.kind for each in await world.alerts()] == [Kind.DURESS]
    assert screens["hallway"] == screens[DURESS]
    assert await news(talk, "Mia") == [ALONG.format(at="09:00")]
    assert await news(talk, "Ann") == await news(talk, "Dev") == []


@pytest.mark.parametrize("channel", ["email", "sms", "webchat"])
async def test_where_no_name_may_stand_nobody_is_named(world: World, talk: Talk, channel: str) -> None:
    await called(world)
    await talk.says("Dev", "I am at the back")
    (told,) = [each for each in await talk.screen("Mia") if each.template.startswith("alert.came")]
    shown = render(told.template, told.params, channel=channel, ceiling="public", zone=ZoneInfo("Europe/London"))
    assert "Dev" not in shown.text and "Ann" not in shown.text
    assert "I am at the back" not in str(told.params)
