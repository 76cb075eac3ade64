"""The debrief log, figures, what was done and supervision in a real browser: each job, on a phone and at a desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from safety_service.actions import event_chain
from safety_service.domain.words import Role
from safety_service.store import people
from tests.browser.catalogue import DESK, PHONE
from tests.browser.hand import Hand
from tests.browser.pages_records import counted
from tests.browser.phone import PATIENCE, expect
from tests.browser.service import Service
from tests.debriefs import given
from tests.http import sign_in_code
from tests.world import World

each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])


@asynccontextmanager
async def seen_by(world: World, browser: Browser, service: Service, who: str, **more: Any) -> AsyncIterator[Page]:
    """Somebody's browser, signed in a moment ago: nobody is asked again who they are."""
    context = await browser.new_context(**more)
    context.set_default_timeout(PATIENCE)
    await context.request.post(f"{service.base}/in/{await sign_in_code(world, who)}", max_redirects=0)
    page = await context.new_page()
    yield page
    await context.close()


async def three(world: World) -> None:
    """Three to be reviewed, the newest of F-3; the middle one tells of a ladder."""
    for number in (1, 2, 3):
        told = "A ladder stood in the hall" if number == 2 else "He shouted"
        await given(
            world,
            "Ann",
            ref=f"F-{number}",
            severity="medium",
            behaviours=["argued"],
            answers={"happened": told},
            after=number * 30,
        )
        world.clock.move(timedelta(minutes=1))


async def supervised(world: World) -> None:
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Mia"]))


async def reviews_one_after_another(page: Page, base: str, hand: Hand) -> None:
    await page.goto(f"{base}/log")
    await hand.link("Wait for a review")
    await hand.press(page.get_by_role("link", name="F-3").first)
    await page.get_by_label("What you make of it").fill("Read")
    await hand.button("Reviewed, next one")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("F-2")


@each_size
async def test_one_debrief_is_reviewed_after_another(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await three(world)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        hand = Hand(page)
        await reviews_one_after_another(page, service.base, hand)
        hand.did("Review a debrief and go on to the next")
        await hand.link("Next, older")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("F-1")
        hand.did("Read the next debrief without going back to the list")


async def test_many_are_read_and_reviewed_by_keyboard_alone(world: World, browser: Browser, service: Service) -> None:
    await three(world)
    async with seen_by(world, browser, service, "Mia", viewport=DESK) as page:
        heading, keys = page.get_by_role("heading", level=1), page.keyboard
        await page.goto(f"{service.base}/log?reviewed=no")
        await page.locator("[data-keys]").wait_for()
        await keys.press("j")
        await expect(page.get_by_role("link", name="F-3").first).to_be_focused()
        await keys.press("Enter")
        await expect(heading).to_contain_text("F-3")
        await page.locator("[data-keys]").wait_for()
        await keys.press("n")
        await expect(heading).to_contain_text("F-2")
        await page.locator("[data-keys]").wait_for()
        await keys.press("p")
        await expect(heading).to_contain_text("F-3")
        await page.locator("[data-keys]").wait_for()
        await keys.press("r")
        await keys.type("Read; nothing new")
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(heading).to_contain_text("F-2")
        await page.locator("[data-keys]").wait_for()
        await keys.press("c")
        await keys.type("no")
        await keys.press("Escape")
        await keys.press("l")
        await expect(heading).to_contain_text("Debriefs")
        await expect(page.get_by_role("link", name="F-3")).to_have_count(0)


async def test_keys_that_stand_alone_can_be_switched_off(world: World, browser: Browser, service: Service) -> None:
    await three(world)
    async with seen_by(world, browser, service, "Mia", viewport=DESK) as page:
        await page.goto(f"{service.base}/log")
        await page.get_by_role("button", name="Keys").click()
        await page.reload()
        await expect(page.get_by_role("button", name="Keys")).to_have_attribute("aria-pressed", "false")
        await page.keyboard.press("j")
        await expect(page.locator("[data-row]:focus")).to_have_count(0)


async def test_without_scripts_one_reviews_and_keeps_a_filter(world: World, browser: Browser, service: Service) -> None:
    await three(world)
    async with seen_by(world, browser, service, "Mia", viewport=PHONE, java_script_enabled=False) as page:
        await reviews_one_after_another(page, service.base, Hand(page))
        await page.goto(f"{service.base}/log?behaviour=argued")
        await page.locator("summary", has_text="Keep this filter").click()
        await page.get_by_label("What to call it").fill("Rows")
        await page.get_by_role("button", name="Keep it").click()
        await expect(page.get_by_role("link", name="Rows")).to_have_attribute("aria-current", "page")


@each_size
async def test_a_word_is_looked_for_and_the_filter_is_kept_and_used(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await three(world)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        hand = Hand(page)
        await page.goto(f"{service.base}/log")
        await page.get_by_label("Words in it").fill("ladders")
        await hand.button("Look")
        await expect(page.locator("[data-row]")).to_have_count(1)
        hand.did("Find debriefs by a word")
        await hand.summary("Keep this filter")
        await page.get_by_label("What to call it").fill("Ladders")
        await hand.button("Keep it")
        hand.did("Keep what is looked for as a filter")
        await page.goto(f"{service.base}/log")
        await hand.link("Ladders")
        await expect(page.locator("[data-row]")).to_have_count(1)
        hand.did("Look through a kept filter")
        assert "ladder" not in page.url


@each_size
async def test_a_comment_is_made_and_a_month_taken_along(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    made = await given(world, "Ann")
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        hand = Hand(page)
        await page.goto(f"{service.base}/log/{made}")
        await page.get_by_label("Your comment").fill("Thank you")
        await hand.button("Comment")
        await expect(page.get_by_text("Thank you")).to_be_visible()
        hand.did("Comment on a debrief")
        await page.goto(f"{service.base}/log")
        await hand.link("Take along")
        async with page.expect_download() as coming:
            await hand.button("Take it")
        assert (await coming.value).suggested_filename.endswith(".csv")
        hand.did("Take a month of debriefs along")


@each_size
async def test_a_figure_leads_to_its_records(world: World, browser: Browser, service: Service, size: Any) -> None:
    await three(world)
    # So many go there that a small number is nobody's.
    async with world.database.transaction() as tx:
        for name in ("Cat", "Dan", "Eve"):
            there = await people.add(tx, world.agency_id, name)
            await people.set_roles(tx, there.id, world.team_id, frozenset({Role.PRACTITIONER}))
    await counted(world)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        hand = Hand(page)
        await page.goto(f"{service.base}/figures")
        await hand.press(page.get_by_role("link", name="Argued, blocked, the records"))
        await expect(page.locator("[data-row]")).to_have_count(3)
        hand.did("See the records behind a figure")
        await page.goto(f"{service.base}/figures")
        await page.get_by_label("From this day").fill("2026-01-01")
        await hand.button("Show")
        await expect(page.get_by_text("Alerts, month by month")).to_be_visible()
        hand.did("See the figures of another time")


async def test_on_paper_charts_stand_with_their_tables_and_nothing_to_press(
    world: World, browser: Browser, service: Service
) -> None:
    await three(world)
    await counted(world)
    async with seen_by(world, browser, service, "Mia", viewport=DESK) as page:
        await page.goto(f"{service.base}/figures")
        steps = page.locator(".ds-figures__steps").first
        await page.emulate_media(media="print")
        await expect(page.locator(".ds-chart svg").first).to_be_visible()
        box = await steps.bounding_box()
        assert box is not None and box["height"] > 20
        await expect(page.get_by_role("button", name="Show")).to_be_hidden()
        fill = await page.locator(".ds-chart__bar").first.evaluate("bar => getComputedStyle(bar).fill")
        assert fill not in ("none", "rgb(255, 255, 255)")
        assert len(await page.pdf()) > 10_000


@each_size
async def test_what_somebody_did_is_looked_up_checked_and_taken_along(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    row = await world.inside("Ann")
    await world.ok(row)
    world.clock.move(timedelta(minutes=1))
    async with world.database.transaction() as tx:
        await event_chain.extend(tx, 1000)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        hand = Hand(page)
        await page.goto(f"{service.base}/evidence")
        await hand.summary("Narrow it")
        await hand.choose("Who", "Ann")
        await hand.button("Look")
        await expect(page.get_by_text("Ann said: OK")).to_be_visible()
        hand.did("Look up what somebody did")
        await page.goto(f"{service.base}/evidence")
        await hand.button("Check it now")
        await expect(page.get_by_text("are as they were written")).to_be_visible()
        hand.did("Check that the log of what was done is whole")
        await page.goto(f"{service.base}/evidence")
        await hand.summary("Take it along")
        async with page.expect_download() as coming:
            await hand.button("Take it")
        assert (await coming.value).suggested_filename.startswith("evidence-")
        hand.did("Take a week of what was done along")


@each_size
async def test_supervision_from_a_wish_to_what_was_agreed(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await supervised(world)
    await given(world, "Ann", severity="medium", behaviours=["argued"], private={"feeling": "Shaken"})
    async with seen_by(world, browser, service, "Ann", viewport=size) as page:
        hand = Hand(page)
        await page.goto(f"{service.base}/supervision")
        await hand.link("Open it")
        await hand.link("Put something on it")
        await page.get_by_label("What do you want to talk about?").fill("The stairs at night")
        await hand.button("Keep it")
        await expect(page.get_by_text("The stairs at night")).to_be_visible()
        hand.did("Put something on one's own agenda")
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        hand = Hand(page)
        await page.goto(f"{service.base}/supervision")
        await hand.press(page.locator(f'a[href="/people/{world.ids["Ann"]}/supervision"]'))
        await expect(page.get_by_text("Shaken")).to_be_visible()
        await hand.link("Write down a supervision")
        await hand.press(page.get_by_text("F-1: Argued, blocked").first)
        await page.get_by_label("What was said", exact=True).fill("We looked at the stairs")
        await hand.button("Keep it")
        await expect(page.get_by_text("We looked at the stairs")).to_be_visible()
        hand.did("Write down a supervision")
        await expect(page.get_by_role("link", name="F-1: Argued, blocked")).to_have_count(0)


async def test_nothing_is_said_of_keys_where_there_are_none(world: World, browser: Browser, service: Service) -> None:
    await three(world)
    async with seen_by(world, browser, service, "Mia", viewport=PHONE, has_touch=True, is_mobile=True) as page:
        await page.goto(f"{service.base}/log")
        await page.locator("[data-keys]:not([hidden])").wait_for(state="attached")
        await expect(page.locator("[data-keys]")).not_to_be_visible()
