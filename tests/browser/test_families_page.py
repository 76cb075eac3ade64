"""A family's pages in a real browser: each job on a phone and at a desk, by keyboard alone, and without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page

from safety_service.actions import measures, undecided
from safety_service.actions.measures import Verdict
from safety_service.domain.plan import MeasureDecision
from tests.browser.catalogue import DESK, PHONE
from tests.browser.hand import Hand
from tests.browser.pages_families import past_visit
from tests.browser.phone import PATIENCE, expect
from tests.browser.service import Service
from tests.guidance.at_plans import told
from tests.http import sign_in_code
from tests.world import World

each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
HERE = "/families/F-1"


@asynccontextmanager
async def seen_by(world: World, browser: Browser, service: Service, who: str, **more: Any) -> AsyncIterator[Page]:
    """Somebody's browser, signed in a moment ago: nobody is asked again who they are."""
    context = await browser.new_context(**more)
    context.set_default_timeout(PATIENCE)
    await context.request.post(f"{service.base}/in/{await sign_in_code(world, who)}", max_redirects=0)
    page = await context.new_page()
    yield page
    await context.close()


async def decided(world: World) -> None:
    """One measure holds by a manager's word, so that the plan has versions to compare."""
    one = (await world.do("Mia", undecided.of_managed)).rows[0]
    await world.do("Mia", measures.decide, one.measure.id, Verdict(kind=MeasureDecision.ACCEPT, reason="It is needed"))


def a_link(page: Page, name: str) -> Locator:
    """The first link with these words in it, however it looks."""
    return page.locator("main a", has_text=name).first


@each_size
async def test_a_proposal_is_decided_from_the_list_with_a_ready_reason(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    before = len((await world.do("Mia", undecided.of_managed)).rows)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}/proposals")
        hand = Hand(page)
        await hand.press(a_link(page, "Decide"))
        await hand.press(page.get_by_text("Accept it", exact=True))
        await hand.press(page.get_by_text("As the debrief proposes", exact=True))
        await hand.button("Decide")
        await expect(page.get_by_text("accepted. As the debrief proposes")).to_be_visible()
    hand.did("Decide a proposed measure, with a ready reason")
    assert len((await world.do("Mia", undecided.of_managed)).rows) == before - 1


@each_size
async def test_a_proposal_is_decided_from_its_family(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(service.base + HERE)
        hand = Hand(page)
        await hand.press(a_link(page, "measures are proposed"))
        await hand.press(a_link(page, "Decide:"))
        await hand.press(page.get_by_text("Refuse it", exact=True))
        await hand.press(page.get_by_text("Another measure does it better", exact=True))
        await hand.button("Decide")
        await expect(page.get_by_text("refused. Another measure does it better")).to_be_visible()
    hand.did("Decide a proposed measure from its family")


@each_size
async def test_a_measure_is_accepted_with_changes_and_the_change_is_read(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}{HERE}/plan")
        hand = Hand(page)
        await hand.press(a_link(page, "Decide: Two people: holds"))
        await hand.press(a_link(page, "Accept it with changes"))
        await hand.press(page.get_by_text("As the debrief proposes", exact=True))
        await hand.press(page.get_by_text("3", exact=True))
        await hand.button("Decide")
        hand.did("Accept a measure with changes")
        await expect(page.get_by_text("3 people").first).to_be_visible()
        await page.get_by_label("Compare version").select_option("1")
        hand = Hand(page)
        await hand.button("Show what changed")
        await expect(page.locator("del", has_text="2 people")).to_be_visible()
        await expect(page.locator("ins", has_text="3 people")).to_be_visible()
    hand.did("Compare any two versions of a plan")


@each_size
async def test_from_the_list_to_what_was_met_and_the_debriefs_behind_it(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    await past_visit(world, "Ben", "F-1", 40, "argued")
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(f"{service.base}/families")
        hand = Hand(page)
        await page.get_by_label("Reference, a part of it, or the exact name").fill("f-1")
        await hand.button("Find")
        await expect(page.get_by_role("heading", name="F-1", exact=True)).to_be_visible()
        hand.did("Find a family by its reference")
        hand = Hand(page)
        await hand.press(a_link(page, "Month by month"))
        await expect(page.get_by_role("img", name="What was met at F-1")).to_be_visible()
        await hand.press(a_link(page, "Argued, blocked"))
        await expect(page.get_by_text("Ben").first).to_be_visible()
    hand.did("See what was met, and the debriefs behind it")


@each_size
async def test_a_worker_reads_the_briefing_and_the_manager_reads_the_same(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    await world.plan("Ann", after=24 * 60)
    async with seen_by(world, browser, service, "Ann", viewport=size) as page:
        await page.goto(service.base + HERE)
        hand = Hand(page)
        await hand.press(a_link(page, "Before you go"))
        theirs = await page.locator(".ds-risk").inner_text()
        await hand.button("I have read it")
        await expect(page.get_by_text("that you had read this")).to_be_visible()
    hand.did("Read the briefing and say so")
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(service.base + HERE)
        hand = Hand(page)
        await hand.press(a_link(page, "Before you go"))
        await hand.press(a_link(page, "Ann: as they read it"))
        await expect(page.get_by_text("As Ann reads it.")).to_be_visible()
        assert await page.locator(".ds-risk").inner_text() == theirs
        await expect(page.get_by_role("button", name="I have read it")).to_have_count(0)
    hand.did("Read the briefing as a worker reads it")


@each_size
async def test_the_risk_is_raised_and_the_newest_change_of_the_plan_read(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    await decided(world)
    async with seen_by(world, browser, service, "Mia", viewport=size) as page:
        await page.goto(service.base + HERE)
        hand = Hand(page)
        await hand.press(a_link(page, "Raise the risk"))
        await page.get_by_label("Why").fill("His brother is out of prison")
        await hand.button("Keep it")
        await expect(page.get_by_text("His brother is out of prison")).to_be_visible()
        hand.did("Raise a family's risk")
        await page.goto(service.base + HERE)
        hand = Hand(page)
        await hand.press(a_link(page, "The plan, and what changed"))
        await hand.button("Show what changed")
        await expect(page.get_by_role("heading", name="F-1: from version")).to_be_visible()
    hand.did("Read what a family's last version of the plan changed")


@each_size
async def test_who_has_nothing_to_do_with_it_says_why_in_two_presses(
    world: World, browser: Browser, service: Service, size: Any
) -> None:
    await told(world, "open_threat")
    async with seen_by(world, browser, service, "Rita", viewport=size) as page:
        await page.goto(f"{service.base}{HERE}/around")
        hand = Hand(page)
        await hand.press(page.get_by_text("I was asked about it", exact=True))
        await hand.button("Open it")
        await expect(page.get_by_role("heading", name="F-1: who meets hostility")).to_be_visible()
    hand.did("Open a family that one has nothing to do with")


async def test_by_keyboard_alone_a_measure_is_decided_and_two_versions_are_compared(
    world: World, browser: Browser, service: Service
) -> None:
    await told(world, "open_threat")
    async with seen_by(world, browser, service, "Mia", viewport=DESK) as page:
        await page.goto(f"{service.base}/proposals")
        await tab_to(page, "Decide: F-1")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await tab_to(page, "Accept it")
        await page.keyboard.press("Space")
        await tab_to(page, "After the threat")
        await page.keyboard.press("Space")
        await tab_to(page, "Decide")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await expect(page.get_by_text("accepted. After the threat")).to_be_visible()
        await tab_to(page, "Show what changed")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="F-1: from version")).to_be_visible()


async def tab_to(page: Page, words: str) -> None:
    """Press Tab until what has the focus says this; where it is, is to be seen."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        says, seen = await page.evaluate(
            """() => {
              const here = document.activeElement, style = getComputedStyle(here);
              const says = [...(here.labels || [])].map((each) => each.textContent).join(' ') || here.textContent;
              const mark = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || here.type === 'radio';
              return [says.trim().replace(/\\s+/g, ' '), mark];
            }"""
        )
        if says.startswith(words):
            assert seen, f"nobody sees that {words!r} has the focus"
            return
    raise AssertionError(f"no way to {words!r} by keyboard")


async def test_without_scripts_it_is_all_the_same(world: World, browser: Browser, service: Service) -> None:
    await told(world, "open_threat")
    async with seen_by(world, browser, service, "Mia", viewport=PHONE, java_script_enabled=False) as page:
        await page.goto(f"{service.base}{HERE}/plan")
        hand = Hand(page)
        await hand.press(a_link(page, "Decide: Two people: holds"))
        await hand.press(page.get_by_text("Accept it", exact=True))
        await hand.press(page.get_by_text("As the debrief proposes", exact=True))
        await hand.button("Decide")
        await hand.button("Show what changed")
        await expect(page.locator("ins", has_text="in force")).to_be_visible()
        await hand.press(a_link(page, "What was met"))
        await expect(page.get_by_role("img", name="What was met at F-1")).to_be_visible()


async def test_on_paper_the_picture_stands_and_the_ways_to_other_pages_do_not(
    world: World, browser: Browser, service: Service
) -> None:
    await told(world, "open_threat")
    async with seen_by(world, browser, service, "Mia", viewport=DESK) as page:
        await page.goto(f"{service.base}{HERE}/met")
        await page.emulate_media(media="print")
        await expect(page.get_by_role("img", name="What was met at F-1")).to_be_visible()
        await expect(page.get_by_role("table")).to_be_visible()
        await expect(page.get_by_role("navigation")).to_have_count(0)
