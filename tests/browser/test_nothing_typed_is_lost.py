"""P9 in a real browser, on a narrow phone: what is refused, or typed into a page whose session ended, is sent again."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from safety_service.actions import debrief_log, reviews
from safety_service.store import sessions
from tests.browser import checks
from tests.browser.catalogue import PHONE
from tests.browser.phone import expect
from tests.browser.service import Service
from tests.browser.test_records_page import seen_by
from tests.debriefs import given
from tests.http import sign_in_code
from tests.world import World

WORDS = "She shut the door on him.\nHe left at once, and rang me from the car, which stood three streets away."


async def holds(page: Page) -> None:
    """As every page does."""
    faults = [*await checks.too_wide(page), *await checks.too_low(page), *await checks.axe(page)]
    assert not faults, "\n".join(faults)


async def test_what_is_refused_stands_in_a_field_and_the_reason_on_top(
    world: World, browser: Browser, service: Service
) -> None:
    debrief_id = await given(world)
    async with seen_by(world, browser, service, "Mia", viewport=PHONE, has_touch=True, is_mobile=True) as page:
        await page.goto(f"{service.base}/log/{debrief_id}")
        await page.get_by_label("What you make of it").fill(WORDS)
        await world.opens("Rita")
        await world.do("Rita", reviews.review, debrief_id, "Read")
        await page.get_by_role("button", name="I have reviewed it").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("That was not done")
        await expect(page.get_by_label("What you wrote")).to_have_value(WORDS)
        await expect(page.get_by_role("alert")).to_contain_text("reviewed")
        await holds(page)
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_label("What you wrote")).to_have_value(WORDS)


async def test_who_was_signed_out_signs_in_beside_it_and_sends_it(
    world: World, browser: Browser, service: Service
) -> None:
    debrief_id = await given(world)
    async with seen_by(world, browser, service, "Mia", viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{service.base}/log/{debrief_id}")
        await page.get_by_label("Your comment").fill(WORDS)
        async with world.database.transaction() as tx:
            await sessions.end_all(tx, world.ids["Mia"])
        await page.get_by_role("button", name="Comment").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("You were signed out meanwhile")
        await expect(page.get_by_label("What you wrote")).to_have_value(WORDS)
        other = await page.context.new_page()
        await other.goto(f"{service.base}/in/{await sign_in_code(world, 'Mia')}")
        await other.get_by_role("button").first.click()
        await page.get_by_role("button", name="Send it again").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("F-1")
    reading = await world.do("Mia", debrief_log.read, debrief_id)
    assert [each.text.replace("\r\n", "\n") for each in reading.comments] == [WORDS]
