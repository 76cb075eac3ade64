"""The board on a phone: it is live, or it says loudly that it is not."""

from __future__ import annotations

from playwright.async_api import Browser

from tests.browser.phone import Phone, expect
from tests.browser.service import Service
from tests.world import World


async def test_what_changes_is_on_the_board_at_once_and_leads_to_the_alert(
    world: World, browser: Browser, service: Service
) -> None:
    mia = await Phone.of(world, browser, service.base, "Mia")
    await mia.open("/board")
    await expect(mia.page.get_by_text("Nobody is out.")).to_be_visible()
    await world.inside()
    await expect(mia.page.get_by_role("heading", name="Ann")).to_be_visible()
    await world.later(41)
    await mia.page.get_by_role("link", name="Open alert 1").click()
    await expect(mia.page.get_by_text("Nobody has this yet.")).to_be_visible()
    await mia.press("I have it")
    await expect(mia.page.get_by_text("You have this.")).to_be_visible()
    await mia.page.get_by_label("What was found?").select_option("Safe")
    await mia.page.get_by_label("How do you know?").select_option("Heard their voice")
    await mia.press("Close it")
    await expect(mia.page.get_by_text("Closed at")).to_be_visible()
    assert (await world.alert()).alert.state == "resolved"
    assert mia.errors == []


async def test_a_board_that_is_not_live_says_so_and_whom_to_ring(
    world: World, browser: Browser, service: Service
) -> None:
    mia = await Phone.of(world, browser, service.base, "Mia")
    await mia.open("/board")
    sign = mia.page.locator("#not-live")
    await expect(sign).to_be_hidden()
    await mia.page.clock.install()
    await service.stop()
    await mia.page.clock.fast_forward(26_000)
    await expect(sign).to_contain_text("This board is not live")
    await expect(sign.get_by_role("link")).to_have_attribute("href", "tel:01632960000")
    await service.start()
    await mia.page.clock.fast_forward(26_000)
    await expect(sign).to_be_hidden()
