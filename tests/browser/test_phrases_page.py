"""Agreed words on a phone: the page fits 360 px, goes by keyboard, and keeps nothing that could be read again."""

from __future__ import annotations

from playwright.async_api import Browser

from safety_service.store import phrases
from tests.browser.phone import Phone, expect
from tests.browser.service import Service
from tests.world import World


async def test_words_are_set_by_keyboard_and_not_shown_again(world: World, browser: Browser, service: Service) -> None:
    ann = await Phone.of(world, browser, service.base, "Ann")
    await ann.open("/phrases")
    assert await ann.page.evaluate("document.documentElement.scrollWidth") <= 360
    await ann.page.get_by_label("Your own word").fill("Tulip")
    await ann.page.keyboard.press("Tab")
    await ann.page.keyboard.type("harbour")
    await ann.page.get_by_label("+5").focus()
    await ann.page.keyboard.press("Space")
    await ann.press("Keep them")
    await expect(ann.page.get_by_role("status")).to_have_text("Kept. Nobody can read them here any more.")
    await expect(ann.page.get_by_label("Your own word")).to_have_value("")
    await ann.page.go_back()
    await expect(ann.page.get_by_label("Your word for danger")).to_have_value("")
    async with world.database.reading() as tx:
        kept = await phrases.of(tx, world.ids["Ann"])
    assert kept is not None and (kept.own, kept.duress, kept.tap) == ("tulip", "harbour", "short")
    assert ann.errors == []


async def test_help_is_in_reach_without_a_visit_on_the_smallest_screen(
    world: World, browser: Browser, service: Service
) -> None:
    ann = await Phone.of(world, browser, service.base, "Ann")
    await expect(ann.page.get_by_role("button", name="Send help")).to_be_in_viewport()
    assert await ann.page.evaluate("document.documentElement.scrollWidth") <= 360
    heights = [await each.bounding_box() for each in await ann.page.locator("#always button").all()]
    assert all(each is not None and 40 <= each["height"] <= 56 for each in heights), "no label is broken in two"
