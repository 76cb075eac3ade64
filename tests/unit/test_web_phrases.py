"""Agreed words are set on our own page: never shown again, never logged, never changed while somebody is out."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.domain.phrases import Tap
from safety_service.store import phrases
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.people import phrase
from safety_service.store.tables.system import event_log
from tests.danger import DURESS, OWN, agreed, chose
from tests.http import application, browsing, serving, signed_in
from tests.talk import Talk
from tests.world import World

GIVEN = {"own": "Tulip", "duress": "harbour", "tap": "short", "code": "Did you bring the brown coat?"}


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        await signed_in(world, session, "Ann")
        yield session


async def looks(browser: ClientSession) -> str:
    async with browser.get("/phrases") as answer:
        assert answer.status == 200
        return await answer.text()


async def sets(browser: ClientSession, **more: str) -> tuple[int, str]:
    async with browser.post("/phrases", data={**GIVEN, **more}) as answer:
        return answer.status, await answer.text()


async def test_words_are_set_once_and_the_page_says_only_since_when(world: World, browser: ClientSession) -> None:
    assert "You have set none yet" in await looks(browser)
    status, page = await sets(browser)
    assert status == 200 and "Kept." in page and "Set 09:00" in page
    for secret in ("tulip", "Tulip", "harbour", "brown coat"):
        assert secret not in page
    assert 'id="tap-none" name="tap" value="" checked' in page
    async with world.database.reading() as tx:
        kept = await phrases.of(tx, world.ids["Ann"])
    assert kept is not None and (kept.own, kept.duress, kept.tap) == ("tulip", "harbour", Tap.SHORT)
    assert kept.code == "Did you bring the brown coat?"


async def test_nothing_of_them_is_in_the_log_or_in_a_message(world: World, browser: ClientSession) -> None:
    await sets(browser)
    async with world.database.reading() as tx:
        logged = (await tx.conn.execute(select(event_log.c.verb, event_log.c.details))).all()
        told = (await tx.conn.execute(select(outbox.c.template, outbox.c.params))).all()
        sealed = (await tx.conn.exec_driver_sql(f"SELECT words FROM {phrase.name}")).scalar_one()
    assert "words_set" in [each.verb for each in logged]
    assert "link.settings_changed" in [each.template for each in told]
    for secret in ("tulip", "harbour", "brown coat"):
        assert secret not in str(logged).casefold() and secret not in str(told).casefold()
        assert secret.encode() not in bytes(sealed)


async def test_the_chats_hear_that_something_was_changed_and_not_what(world: World) -> None:
    await chose(world)
    (told,) = await Talk(world).screen("Ann")
    assert told.text == "Something of yours was changed on our own page at 09:00. Was it not you? Ring your office."


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"duress": "Tulip"}, "too alike"),
        ({"own": "ok"}, "One word each, of 4 to 12 letters"),
        ({"own": "home"}, "means something here"),
        ({"code": "harbour, please"}, "give one of your words away"),
    ],
)
async def test_what_cannot_be_a_word_is_refused_with_the_reason_and_not_said_back(
    browser: ClientSession, given: dict[str, str], why: str
) -> None:
    status, page = await sets(browser, **given)
    assert status == 409 and why in page
    assert "arbour" not in page and "ulip" not in page
    assert "You have set none yet" in await looks(browser)


async def test_nobody_changes_or_removes_them_while_a_visit_runs(world: World, browser: ClientSession) -> None:
    await agreed(world)
    row = await world.inside()
    assert (await sets(browser))[0] == (await _removes(browser))[0] == 409
    await _sees_nothing_of_them(browser)
    await world.do("Ann", words.left, row.id, Word(phrase=OWN))
    assert (await sets(browser))[0] == 409
    await _sees_nothing_of_them(browser)
    await world.do("Ann", words.home, row.id, Word(phrase=OWN))
    assert (await sets(browser, own="acorn"))[0] == 200
    assert (await _removes(browser))[0] == 200
    assert (await _removes(browser))[0] == 409
    async with world.database.reading() as tx:
        assert await phrases.of(tx, world.ids["Ann"]) is None


async def _sees_nothing_of_them(browser: ClientSession) -> None:
    """Whoever holds the phone does not learn from the page that there are such words, or taps."""
    page = (await looks(browser)).casefold()
    assert "that can wait until you are back" in page
    assert not [each for each in ("danger", "word", "+5", "manager", "999") if each in page]


async def _removes(browser: ClientSession) -> tuple[int, str]:
    async with browser.post("/phrases/remove") as answer:
        return answer.status, await answer.text()


async def test_a_stranger_has_no_page_and_everybody_sets_only_their_own(world: World, browser: ClientSession) -> None:
    await sets(browser)
    async with world.database.reading() as tx:
        assert await phrases.set_at(tx, world.ids["Mia"]) is None
    async with serving(application(world, web)) as base, browsing(base) as stranger:
        for how in (stranger.get("/phrases", allow_redirects=False), stranger.post("/phrases", data=GIVEN)):
            async with how as answer:
                assert answer.status in (303, 401, 403)


async def test_the_chat_leads_to_the_page_and_says_nothing_of_what_is_there(world: World) -> None:
    talk = Talk(world)
    (led,) = await talk.says("Ann", "/setphrase")
    assert led.button("Open the page").url == "https://doorstep.example/phrases"
    assert DURESS not in led.text and "duress" not in led.text.casefold()
    await world.inside()
    (later,) = await talk.says("Ann", "/setphrase")
    assert later.text == "That can wait until you are out."


async def test_whoever_goes_at_high_risk_without_words_hears_so_before_and_never_inside(world: World) -> None:
    talk = Talk(world)
    await world.plan(after=60, answers={"raise": "yes"})
    assert [each.template for each in await talk.screen("Ann")].count("readiness.own_word") == 1
    assert (await talk.screen("Ann"))[-1].button("Open the page").url == "https://doorstep.example/phrases"
    await world.plan("Ben", after=60, ref="F-2")
    assert "readiness.own_word" not in [each.template for each in await talk.screen("Ben")]
    await world.inside("Ben", ref="F-3")
    await world.plan("Ben", after=90, ref="F-4", answers={"raise": "yes"})
    assert "readiness.own_word" not in [each.template for each in await talk.screen("Ben")]


async def test_who_has_words_is_not_asked_to_set_any(world: World) -> None:
    await agreed(world)
    await world.plan(after=60, answers={"raise": "yes"})
    assert "readiness.own_word" not in [each.template for each in await Talk(world).screen("Ann")]


async def test_out_there_no_page_of_theirs_speaks_of_danger(world: World, browser: ClientSession) -> None:
    async def read(path: str) -> str:
        async with browser.get(path) as answer:
            assert answer.status == 200
            return (await answer.text()).partition("<main")[2]

    assert "read in an alarm only" in await read("/hello")
    await world.inside()
    for path in ("/hello", "/channels"):
        said = (await read(path)).casefold()
        assert said and not [each for each in ("alarm", "danger", "alert", "speak freely") if each in said]
