"""What comes from somebody after the alarm is told to whoever has it, on the phone that they have with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bots.dialogue.incoming import Place
from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Kind
from safety_service.store import exclusions
from safety_service.store.alerts import AlertRow
from tests.danger import DURESS, agreed
from tests.talk import Bubble, Talk
from tests.world import World

PLACE = Place(53.48, -2.24, 5)
ALL = ("Ann", "Ben", "Mia", "Dev", "Rita", "Adam")


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


async def news(talk: Talk, who: str) -> list[Bubble]:
    return [each for each in await talk.screen(who) if each.template == "alert.came"]


async def heard(talk: Talk) -> dict[str, int]:
    """Who was told that something came, and how often."""
    counts = {who: len(await news(talk, who)) for who in ALL}
    return {who: count for who, count in counts.items() if count}


async def called(world: World, talk: Talk) -> AlertRow:
    """A call for help in no visit, some seconds ago."""
    await talk.says("Ann", "/sos")
    world.clock.move(timedelta(seconds=5))
    return await world.alert()


async def test_whoever_has_the_alert_hears_that_something_came_and_where_it_stands(world: World, talk: Talk) -> None:
    alert = await called(world, talk)
    await world.do("Mia", alerts.take, alert.id)
    await talk.says("Ann", "he has a knife")
    assert await heard(talk) == {"Mia": 1}
    (told,) = await news(talk, "Mia")
    assert told.text == "Alarm 1, Ann: something came from them at 09:00. It stands on the alert's page."
    assert [each.url for row in told.shown.buttons for each in row] == [f"https://doorstep.example/alerts/{alert.id}"]


async def test_while_nobody_has_it_everybody_who_was_told_hears(world: World, talk: Talk) -> None:
    alert = await called(world, talk)
    await talk.sends("Ann", "voice")
    told = {world.name(each) for each in alert.alert.told}
    assert await heard(talk) == dict.fromkeys(told, 1) and len(told) > 1


async def test_once_a_minute_however_much_comes(world: World, talk: Talk) -> None:
    alert = await called(world, talk)
    await world.do("Mia", alerts.take, alert.id)
    for text in ("he has a knife", "a white van", "he is outside"):
        await talk.says("Ann", text)
    assert await heard(talk) == {"Mia": 1}
    world.clock.move(timedelta(minutes=1))
    await talk.sends("Ann", "photo", text="the van")
    assert await heard(talk) == {"Mia": 2}


async def test_from_inside_a_home_too_and_nobody_hears_of_a_position_that_is_shared_live(
    world: World, talk: Talk
) -> None:
    row = await world.inside()
    await world.do("Ann", words.sos, row.id, Word())
    await world.do("Mia", alerts.take, (await world.alert()).id)
    world.clock.move(timedelta(seconds=20))
    await talk.sends("Ann", "live_position", place=PLACE)
    assert await heard(talk) == {}
    await talk.says("Ann", "he has locked the door")
    assert await heard(talk) == {"Mia": 1}


async def test_whoever_is_kept_off_the_worker_by_now_hears_nothing(world: World, talk: Talk) -> None:
    alert = await called(world, talk)
    before = {world.name(each) for each in alert.alert.told}
    async with world.database.transaction() as tx:
        await exclusions.add(
            tx, world.agency_id, world.ids["Mia"], reason="sister", worker_id=world.ids["Ann"], by=None
        )
    await talk.says("Ann", "he has a knife")
    assert set(await heard(talk)) == before - {"Mia"}


async def test_of_duress_neither_the_worker_nor_whoever_is_beside_them_hears_and_the_answers_stay(
    world: World, talk: Talk
) -> None:
    await agreed(world)
    joint = await world.plan("Ann", workers=(world.ids["Ann"], world.ids["Dev"]))
    for who in ("Ann", "Dev"):
        await world.do(who, words.begin, joint.id, Word())
    before = [each.text for each in await talk.says("Ann", "hallway")]
    await talk.says("Ann", DURESS)
    world.clock.move(timedelta(seconds=20))
    assert [each.text for each in await talk.says("Ann", "hallway")] == before
    assert [each.alert.kind for each in await world.alerts()] == [Kind.DURESS]
    told = await heard(talk)
    assert "Mia" in told and not {"Ann", "Dev"} & set(told)


async def test_an_agreed_word_makes_the_same_news_of_another_alert_as_any_other_text(world: World, talk: Talk) -> None:
    await agreed(world)
    alert = await called(world, talk)
    await world.do("Mia", alerts.take, alert.id)
    await talk.says("Ann", DURESS)
    assert len([each for each in await news(talk, "Mia") if each.params["number"] == alert.alert.number]) == 1
