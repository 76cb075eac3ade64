"""The top of every page by keyboard: past it in one step, and what is behind More without a mouse or a script."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.catalogue import DESK, PHONE, Viewers
from tests.browser.service import Service
from tests.world import World


@pytest.mark.parametrize("scripts", [True, False])
async def test_one_step_leads_past_the_links_and_two_to_any_page(
    world: World, browser: Browser, service: Service, scripts: bool
) -> None:
    for size in (PHONE, DESK):
        viewers = Viewers(world, browser, service.base, viewport=size, java_script_enabled=scripts)
        page = await (await viewers.of("Mia")).new_page()
        await page.goto(f"{service.base}/hello")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")
        more = page.locator("header summary")
        await more.focus()
        await expect(page.get_by_role("link", name="Families", exact=True)).to_be_hidden()
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Families", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{service.base}/families")
        await viewers.close()
