"""The rest of a debrief on a phone: it fits 360 px, goes by keyboard, and keeps each part."""

from __future__ import annotations

from playwright.async_api import Browser

from tests.browser.phone import Phone, expect
from tests.browser.service import Service
from tests.guidance.telling import HARD, debrief_of, out, tells
from tests.world import World


async def test_each_part_fits_a_phone_and_goes_by_keyboard(world: World, browser: Browser, service: Service) -> None:
    visit = await out(world)
    row = await tells(world, visit, {**HARD, "met": ["open_threat"], "areas": ["home"], "reflect": ["avoided"]})
    ann = await Phone.of(world, browser, service.base, "Ann")
    for part in ("a", "b", "c", "gaps", "d", "e", "reflected", "f"):
        await ann.open(f"/debriefs/{row.id}/tell?part={part}")
        wide = await ann.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"part {part} is {wide} px wide"
    await ann.open(f"/debriefs/{row.id}/tell?part=b")
    group = ann.page.get_by_role("group", name="Are they too scared to tell?")
    await group.get_by_label("Not known").focus()
    await ann.page.keyboard.press("Space")
    await ann.press("Keep, and go on")
    await expect(ann.page.get_by_role("group", name="What could you not check?")).to_be_visible()
    assert (await debrief_of(world, visit)).answers["child_too_scared"] == "not_known"
    assert ann.errors == []
