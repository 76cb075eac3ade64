"""A visit from plan to home by the chat page on a phone, with the real dialogue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.async_api import Browser

from bots import webchat
from bots.dialogue.router import handle
from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from tests.browser.phone import Phone, expect
from tests.http import application, serving
from tests.patience import until
from tests.world import World


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, handle))
    async with serving(application(world, web, chat)) as base:
        yield base


@pytest.fixture
async def ann(world: World, browser: Browser, base: str) -> AsyncIterator[Phone]:
    phone = await Phone.of(world, browser, base, "Ann")
    yield phone
    assert phone.errors == []


async def test_a_visit_is_planned_by_form_and_kept_company_to_its_end(world: World, ann: Phone) -> None:
    await ann.say("/visit")
    await expect(ann.theirs("Who? Choose, or type the reference.")).to_have_count(1)
    await ann.say("F-7")
    for label in ("Now", None, "Review", "45 minutes", "15 minutes", "All calm", "Done", "None", "Nobody", "My car"):
        if label is None:
            await expect(ann.theirs("Where?")).to_have_count(1)
            await ann.say("2 Elm Row")
        else:
            await ann.press(label)
    await ann.press("Two ways out")
    await ann.press("Yes, plan it")
    await expect(ann.theirs("Planned:")).to_contain_text("F-7")
    world.clock.move(timedelta(minutes=1))
    await ann.press("Going in")
    await expect(ann.theirs("OK. 09:16.")).to_have_count(1)
    # Going in took everything of before off the screen: whose home it is, where, what is expected.
    await expect(ann.log).not_to_contain_text("F-7")
    await expect(ann.log).not_to_contain_text("Elm")
    assert await ann.page.title() == "Notes"

    world.clock.move(timedelta(minutes=10))
    await ann.press("OK")
    await expect(ann.theirs("OK. 09:26.")).to_have_count(1)
    await ann.press("Out")
    await ann.press("Fine")
    await ann.press("Alone")
    await ann.press("Home")
    await expect(ann.theirs("Home 09:11.")).to_have_count(1)
    await expect(ann.theirs("Planned:")).to_contain_text("F-7")


async def test_a_question_is_answered_by_the_newest_buttons_only(world: World, ann: Phone) -> None:
    await world.inside()
    await world.later(31)
    await expect(ann.theirs("09:30?")).to_be_visible()
    await expect(ann.page.get_by_role("button", name="OK", exact=True)).to_have_count(1)
    await ann.press("OK")
    await expect(ann.theirs("OK. 09:45.")).to_be_visible()
    await expect(ann.page.get_by_role("button", name="OK", exact=True)).to_have_count(1)


async def test_help_is_one_tap_away_and_says_nothing_to_a_stranger(world: World, ann: Phone) -> None:
    row = await world.inside()
    await expect(ann.page.get_by_role("button", name="Office now")).to_have_count(1)
    await ann.press("Office now")
    await expect(ann.mine("Office now")).to_have_count(1)
    await until(world.alerts)
    alert = (await world.alert()).alert
    assert (alert.kind, alert.visit_id) == ("sos", row.id)
    text = (await ann.page.locator("body").inner_text()).lower()
    assert not any(word in text for word in ("sos", "alarm", "police", "danger", "risk"))


async def test_a_manager_takes_an_alarm_from_the_chat_and_closes_it(world: World, browser: Browser, base: str) -> None:
    mia = await Phone.of(world, browser, base, "Mia")
    await world.inside()
    await world.later(41)
    await expect(mia.theirs("ALARM 1. Missed check-in.")).to_contain_text("1 Elm Row")
    await mia.press("I have it")
    await expect(mia.theirs("You have")).to_be_visible()
    # News that came meanwhile does not take the alarm's own buttons away.
    await expect(mia.page.get_by_role("button", name="999 words")).to_have_count(1)
    await mia.press("Heard, safe")
    await mia.press("Heard their voice")
    await expect(mia.theirs("Closed")).to_be_visible()
    assert (await world.alert()).alert.state == "resolved"
    assert mia.errors == []


async def test_whoever_is_asked_to_ring_rings_by_one_tap(world: World, browser: Browser, base: str) -> None:
    mia = await Phone.of(world, browser, base, "Mia")
    row = await world.inside()
    await world.do("Ann", words.ring_me, row.id, Word())
    await world.deliver()
    asked = mia.theirs("Ring Ann now")
    await expect(asked.get_by_role("link", name="07700 900000")).to_have_attribute("href", "tel:07700900000")
    await expect(asked.get_by_role("link")).to_have_count(1)
    assert mia.errors == []


async def test_two_tabs_of_one_person_show_the_same(ann: Phone) -> None:
    tab = await ann.context.new_page()
    await tab.goto(f"{ann.base}/chat")
    await ann.say("/today")
    await expect(tab.locator(".word.theirs", has_text="Nothing planned for today.")).to_have_count(1)
    await expect(tab.locator(".word.mine")).to_have_count(1)
    await expect(ann.page.locator(".word.mine")).to_have_count(1)


async def test_everything_that_is_pressed_is_large_enough_and_has_a_name(world: World, ann: Phone) -> None:
    await world.inside()
    await expect(ann.page.get_by_role("button", name="Office now")).to_be_visible()
    for button in await ann.page.locator("button:visible, a:visible, textarea:visible").all():
        box = await button.bounding_box()
        assert box is not None and box["height"] >= 44 and box["x"] + box["width"] <= 360
    width = await ann.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    assert await ann.log.get_attribute("aria-live") == "polite"


async def test_by_keyboard_alone_a_word_is_said_and_a_button_pressed(world: World, ann: Phone) -> None:
    await world.inside()
    await ann.page.get_by_label("Message", exact=True).focus()
    await ann.page.keyboard.type("ok")
    await ann.page.keyboard.press("Enter")
    await expect(ann.theirs("OK. 09:30.")).to_be_visible()
    await ann.page.get_by_role("button", name="Office now").focus()
    await ann.page.keyboard.press("Enter")
    await expect(ann.mine("Office now")).to_have_count(1)
