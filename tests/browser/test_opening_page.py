"""Asked why on a phone: one choice and one button, and what was wanted is there; the manager sees who looked."""

from __future__ import annotations

from playwright.async_api import Browser

from tests.browser.phone import Phone, expect
from tests.browser.service import Service
from tests.world import World


async def test_one_choice_opens_it_and_the_manager_looks_at_who_and_why(
    world: World, browser: Browser, service: Service
) -> None:
    await world.plan("Ann", after=24 * 60)
    rita = await Phone.of(world, browser, service.base, "Rita")
    await rita.open("/families/F-1/briefing")
    await expect(rita.page.get_by_role("heading", name="F-1: why do you open it?")).to_be_visible()
    assert await _fits(rita)
    await rita.page.get_by_label("I was asked about it").check()
    await rita.press("Open it")
    await expect(rita.page).to_have_url(f"{service.base}/families/F-1/briefing")
    mia = await Phone.of(world, browser, service.base, "Mia")
    await mia.open("/openings")
    await expect(mia.page.get_by_text("I was asked about it")).to_be_visible()
    assert await _fits(mia)
    await mia.press("I have looked at it")
    await expect(mia.page.get_by_text("Nothing new.")).to_be_visible()
    assert rita.errors == mia.errors == []


async def test_another_browser_is_ended_from_the_phone_and_a_lost_one_by_the_manager(
    world: World, browser: Browser, service: Service
) -> None:
    other = await Phone.of(world, browser, service.base, "Ann")
    phone = await Phone.of(world, browser, service.base, "Ann")
    await phone.open("/devices")
    await expect(phone.page.get_by_role("heading", name="Browser (this one)")).to_be_visible()
    assert await _fits(phone)
    await phone.press("End all others")
    await expect(phone.page.get_by_role("button", name="End it")).to_have_count(0)
    await other.open("/items")
    await expect(other.page.get_by_role("heading", name="Still open")).to_have_count(0)
    mia = await Phone.of(world, browser, service.base, "Mia")
    await mia.open("/lost")
    assert await _fits(mia)
    await mia.page.get_by_text("Ann", exact=True).click()
    await mia.press("Ann's phone is lost: cut it off")
    await phone.open("/items")
    await expect(phone.page.get_by_role("heading", name="Still open")).to_have_count(0)


async def _fits(phone: Phone) -> bool:
    """Nothing is wider than the screen."""
    return bool(await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
