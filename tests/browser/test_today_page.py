"""A worker's own day on a phone and at a desk: the next word is one tap, also by keyboard and without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from playwright.async_api import Browser, ViewportSize

from bots import webchat
from bots.dialogue.router import handle
from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from tests.browser.hand import Hand
from tests.browser.phone import Phone, expect
from tests.http import application, serving, sign_in_code
from tests.world import World

SIZES: dict[str, ViewportSize] = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 800}}


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, handle))
    async with serving(application(world, web, chat)) as base:
        yield base


@pytest.mark.parametrize("size", SIZES)
async def test_a_visit_from_going_in_to_out_with_a_tap_each(
    world: World, browser: Browser, base: str, size: str
) -> None:
    row = await world.plan("Ann", ref="F-1", address="1 Elm Row")
    ann = await Phone.of(world, browser, base, "Ann")
    await ann.page.set_viewport_size(SIZES[size])
    await ann.open("/today")
    main = ann.page.locator("main")
    await expect(ann.page.get_by_role("button", name="Going in")).to_be_in_viewport()
    hand = Hand(ann.page)
    await hand.button("Going in")
    await expect(main).to_contain_text("OK. 09:30.")
    hand.did("Say the next word")
    # Whose home it is, and where, is off the screen with that tap.
    await expect(main).not_to_contain_text("F-1")
    await expect(main).not_to_contain_text("Elm Row")
    for label in ("Out", "Fine", "Alone", "Home"):
        await hand.button(label)
    await expect(main).to_contain_text("F-1")
    hand.did("From inside to home, all well told")
    visit = (await world.visit(row.id)).visit
    assert visit.status == "closed" and await world.alerts() == []
    assert ann.errors == []


async def test_by_keyboard_alone_the_first_button_is_the_next_word(world: World, browser: Browser, base: str) -> None:
    row = await world.plan("Ann")
    ann = await Phone.of(world, browser, base, "Ann")
    await ann.open("/today")
    await ann.page.get_by_role("link", name="Skip to main content").focus()
    await ann.page.keyboard.press("Enter")
    await ann.page.keyboard.press("Tab")
    await expect(ann.page.get_by_role("button", name="Going in")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.locator("main")).to_contain_text("OK. 09:30.")
    assert (await world.visit(row.id)).visit.status == "begun"


async def test_without_scripts_a_worker_is_watched_from_going_in_to_home(
    world: World, browser: Browser, base: str
) -> None:
    row = await world.plan("Ann")
    context = await browser.new_context(viewport=SIZES["phone"], java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{base}/in/{await sign_in_code(world, 'Ann')}")
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{base}/today")
    for label in ("Going in", "OK", "Out", "Fine", "Alone", "Home"):
        await page.get_by_role("button", name=label, exact=True).click()
    await expect(page.locator("main")).to_contain_text("Home 09:00.")
    assert (await world.visit(row.id)).visit.status == "closed"
    await context.close()


async def test_what_is_owed_is_one_tap_away(world: World, browser: Browser, base: str) -> None:
    row = await world.inside("Ann", ref="F-1")
    await world.do("Ann", words.left, row.id, Word())
    ann = await Phone.of(world, browser, base, "Ann")
    await ann.open("/today")
    hand = Hand(ann.page)
    await hand.link("Tell how it was: F-1, 09:00")
    await expect(ann.page.get_by_text("How was it?").first).to_be_visible()
    hand.did("Tell how a visit was, or read before the next")
