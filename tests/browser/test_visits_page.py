"""The jobs around a visit, on a phone and at a desk: plan, change, decide, read, tell; by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from safety_service.actions import visit_list, words
from safety_service.actions.visit_list import Look
from safety_service.actions.words import Word
from safety_service.domain.words import Decided, Status
from safety_service.store.visits import VisitRow
from tests.browser.catalogue import DESK, PHONE, Viewers
from tests.browser.hand import Hand
from tests.browser.service import Service
from tests.guidance.telling import HARD, debrief_of, out, tells
from tests.world import World

ANSWERS = {"hostility": "none", "news": "none", "joint": "alone", "transport": "car", "exit": "two_ways"}
both_sizes = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])

Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_page(world: World, browser: Browser, service: Service) -> AsyncIterator[Open]:
    """Somebody's page, of a size, with scripts or without."""
    viewers: list[Viewers] = []

    async def open_for(who: str, path: str, size: ViewportSize, *, scripts: bool = True) -> Page:
        made = Viewers(world, browser, service.base, viewport=size, java_script_enabled=scripts)
        viewers.append(made)
        page = await (await made.of(who)).new_page()
        await page.goto(service.base + path)
        return page

    yield open_for
    for each in viewers:
        await each.close()


async def seen_last_week(world: World) -> None:
    """Ann was there already, so that the family is known."""
    row = await world.inside("Ann", ref="F-1", answers=ANSWERS)
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())


async def coming(world: World, who: str = "Ann") -> VisitRow:
    """The one visit that is to come."""
    found = await world.do(who, visit_list.look, Look(mine=True, statuses={Status.PLANNED, Status.WAITING}))
    assert len(found.rows) == 1, found.rows
    return await world.visit(found.rows[0].id)


async def keys(page: Page, label: str, *, role: Any = "button") -> None:
    """Go there by tabulator alone, and press it as its kind is pressed."""
    what = page.get_by_role(role, name=label).first
    for _ in range(200):
        await page.keyboard.press("Tab")
        if await what.evaluate("(each) => each === document.activeElement"):
            await page.keyboard.press("Space" if role in ("radio", "checkbox") else "Enter")
            return
    raise AssertionError(f"no way by keyboard to {label}")


@both_sizes
async def test_a_known_family_is_planned_in_four_presses(world: World, open_page: Open, size: ViewportSize) -> None:
    await seen_last_week(world)
    page = await open_page("Ann", "/visits", size)
    job = Hand(page)
    await job.button("Plan a visit")
    await job.radio("Which family?", "F-1")
    await job.button("Go on, the rest as last time")
    await expect(page.get_by_role("heading", name="Is that right?")).to_be_visible()
    await job.button("Plan it")
    await expect(page.get_by_text("It is planned.")).to_be_visible()
    job.did("Plan a visit to a known family")
    row = await coming(world)
    assert row.address["text"] == "1 Elm Row" and row.answers["exit"] == "two_ways"


@both_sizes
async def test_what_waits_is_decided(world: World, open_page: Open, size: ViewportSize) -> None:
    row = await world.plan("Ann", after=60, answers={**ANSWERS, "raise": "yes"})
    page = await open_page("Mia", "/visits", size)
    job = Hand(page)
    await job.link("1 visit waits for your decision")
    await job.press(page.get_by_role("button", name="Decide on F-1"))
    await job.radio("What do you decide?", "Go ahead, with measures")
    await expect(page.get_by_text("Too dangerous now")).to_be_hidden()
    await job.radio("Go ahead, with measures: why?", "Two of you go")
    await job.button("Decide")
    await expect(page.get_by_text("Your decision is kept.")).to_be_visible()
    job.did("Decide on a visit that waits, with a ready reason")
    made = (await world.visit(row.id)).decision
    assert made is not None and (made.kind, made.reason) == (Decided.GO_AHEAD_WITH_MEASURES, "Two of you go")


@both_sizes
async def test_a_plan_is_changed(world: World, open_page: Open, size: ViewportSize) -> None:
    row = await world.plan("Ann", after=60, answers=ANSWERS)
    page = await open_page("Mia", f"/visits/{row.id}", size)
    job = Hand(page)
    await job.button("Change the plan")
    await page.get_by_label("Where?").fill("2 Oak Lane")
    await job.button("Go on")
    await expect(page.get_by_text("2 Oak Lane")).to_be_visible()
    await job.button("Change it")
    await expect(page.get_by_text("It is changed.")).to_be_visible()
    job.did("Change a visit that is planned")
    assert (await world.visit(row.id)).address["text"] == "2 Oak Lane"


@both_sizes
async def test_the_story_of_a_visit_is_one_press_from_the_list(
    world: World, open_page: Open, size: ViewportSize
) -> None:
    await seen_last_week(world)
    page = await open_page("Mia", "/visits", size)
    job = Hand(page)
    await job.press(page.get_by_role("link", name="F-1"))
    for each in ("Ann planned it", "Ann: going in", "Ann: home", "Two ways out"):
        await expect(page.get_by_text(each)).to_be_visible()
    job.did("Read the whole story of a visit")


@both_sizes
async def test_the_rest_of_a_debrief_is_told_in_parts(world: World, open_page: Open, size: ViewportSize) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    page = await open_page("Ann", f"/debriefs/{row.id}/tell", size)
    job = Hand(page)
    for question in await page.get_by_role("main").get_by_role("group").all():
        await job.press(question.get_by_text("No", exact=True))
    for heading in ("What could not be checked", "Why, and what else", "For you", "What would make it safer"):
        await job.button("Keep, and go on")
        await expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    await job.button("Give it: final")
    await expect(page.get_by_role("heading", name="Given")).to_be_visible()
    assert (await debrief_of(world, visit)).state == "submitted"
    job.did("Tell the rest of a hard visit, nothing to add")


async def test_a_phone_that_is_put_away_has_kept_what_was_typed(world: World, open_page: Open) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    page = await open_page("Ann", f"/debriefs/{row.id}/tell?part=d", PHONE)
    await page.get_by_label("Their side of it").fill("Nobody ever rang")
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await expect(page.get_by_role("status")).to_contain_text("What you typed is kept")
    assert (await debrief_of(world, visit)).answers["account"] == "Nobody ever rang"
    await page.context.set_offline(True)
    await page.get_by_label("Their side of it").fill("Nobody ever rang them")
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await expect(page.get_by_role("status")).to_contain_text("not kept yet")
    await page.context.set_offline(False)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    await expect(page.get_by_role("status")).to_contain_text("What you typed is kept")
    assert (await debrief_of(world, visit)).answers["account"] == "Nobody ever rang them"


async def test_only_questions_that_have_a_point_are_shown(world: World, open_page: Open) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    page = await open_page("Ann", f"/debriefs/{row.id}/tell", PHONE)
    met, hurt = page.get_by_role("group", name="What did you meet?"), page.get_by_role("group", name="Is anybody hurt?")
    await expect(met).to_be_hidden()
    await page.get_by_text("Bad", exact=True).click()
    await expect(met).to_be_visible()
    await met.get_by_text("Hit, held").click()
    await expect(hurt).to_be_visible()
    await page.get_by_text("Fine", exact=True).click()
    await expect(hurt).to_be_hidden()


async def test_all_of_it_goes_by_keyboard(world: World, open_page: Open) -> None:
    await seen_last_week(world)
    page = await open_page("Ann", "/visits", DESK)
    await keys(page, "Plan a visit")
    await keys(page, "F-1", role="radio")
    await keys(page, "Go on, the rest as last time")
    await expect(page.get_by_role("heading", name="Is that right?")).to_be_visible()
    await keys(page, "Raise the risk, and plan it")
    await expect(page.get_by_text("It is planned.")).to_be_visible()
    page = await open_page("Mia", "/visits/waiting", DESK)
    await keys(page, "Decide on F-1", role="button")
    await keys(page, "Go ahead", role="radio")
    await keys(page, "Talked it through", role="radio")
    await keys(page, "Decide")
    await expect(page.get_by_text("Your decision is kept.")).to_be_visible()
    assert (await coming(world)).visit.status is Status.PLANNED


async def test_all_of_it_goes_without_scripts(world: World, open_page: Open) -> None:
    await seen_last_week(world)
    page = await open_page("Ann", "/visits/new", PHONE, scripts=False)
    await page.get_by_text("F-1", exact=True).click()
    await page.get_by_role("button", name="Go on, the rest as last time").click()
    await page.get_by_role("button", name="Raise the risk, and plan it").click()
    row = await coming(world)
    page = await open_page("Mia", f"/visits/{row.id}/decide", PHONE, scripts=False)
    await page.get_by_text("Do not visit", exact=True).click()
    await page.get_by_text("Police first", exact=True).click()
    await page.get_by_role("button", name="Decide").click()
    made = (await world.visit(row.id)).decision
    assert made is not None and (made.kind, made.reason) == (Decided.DO_NOT_VISIT, "Police first")
    visit = await out(world, "Ben", "F-2")
    told = await debrief_of(world, visit, "Ben")
    page = await open_page("Ben", f"/debriefs/{told.id}/tell", PHONE, scripts=False)
    await page.get_by_role("group", name="How was it?").get_by_text("Fine", exact=True).click()
    await page.get_by_role("group", name="Child or adult seen?").get_by_text("Alone", exact=True).click()
    await page.get_by_role("button", name="Give it: final").click()
    assert (await debrief_of(world, visit, "Ben")).state == "submitted"
