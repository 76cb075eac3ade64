"""The board in a browser: it is live, or it says loudly that it is not; with hundreds on it, too."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Browser, Page, ViewportSize
from sqlalchemy import update

from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.services import Health
from safety_service.store.tables.visits import watch
from tests.browser.crowd import crowd
from tests.browser.hand import Hand
from tests.browser.phone import Phone, expect
from tests.browser.service import Service
from tests.http import application, serving, sign_in_code
from tests.world import MINUTE, World

SIZES: dict[str, ViewportSize] = {"phone": {"width": 360, "height": 740}, "desk": {"width": 1280, "height": 800}}
each_size = pytest.mark.parametrize("size", SIZES)


async def manager(world: World, browser: Browser, base: str, size: str = "phone") -> Phone:
    phone = await Phone.of(world, browser, base, "Mia")
    await phone.page.set_viewport_size(SIZES[size])
    await phone.open("/board")
    await expect(phone.page.locator("#state")).to_contain_text("Live")
    return phone


@each_size
async def test_what_changes_is_on_the_board_at_once_and_leads_to_the_alert(
    world: World, browser: Browser, service: Service, size: str
) -> None:
    """One tap from the board to the alert; it is the first button there is."""
    mia = await manager(world, browser, service.base, size)
    await expect(mia.page.get_by_text("Nobody is out.")).to_be_visible()
    await world.inside()
    await expect(mia.page.get_by_role("rowheader", name="Ann")).to_be_visible()
    await expect(mia.page.get_by_text("Nobody is out.")).to_be_hidden()
    await world.later(41)
    await expect(mia.page.get_by_role("link", name="Open alert 1")).to_be_in_viewport()
    await expect(mia.page.locator("#said")).to_have_text("New: alert 1")
    hand = Hand(mia.page)
    await hand.link("Open alert 1")
    await expect(mia.page.get_by_role("heading", name="Alert 1")).to_be_visible()
    hand.did("Open an alert that has come up")
    await mia.open("/board")
    hand = Hand(mia.page)
    await hand.link("Ann")
    await expect(mia.page.get_by_role("heading", level=1)).to_contain_text("F-1")
    hand.did("See the visit of somebody on the board")
    assert mia.errors == []


@each_size
async def test_a_board_that_is_not_live_says_so_and_whom_to_ring(
    world: World, browser: Browser, service: Service, size: str
) -> None:
    await world.inside()
    mia = await manager(world, browser, service.base, size)
    sign = mia.page.locator("#not-live")
    await expect(sign).to_be_hidden()
    await expect(mia.page.locator(".ds-left")).to_have_text("in 30 min")
    await mia.page.clock.install()
    await service.stop()
    await mia.page.clock.fast_forward(16_000)
    await expect(sign).to_contain_text("NOT LIVE")
    await expect(sign).to_be_in_viewport(ratio=0.9)
    await expect(sign.get_by_role("link", name="01632 960000")).to_have_attribute("href", "tel:01632960000")
    await expect(mia.page).to_have_title("NOT LIVE Notes")
    await expect(mia.page.locator("#state")).to_contain_text("Not live")
    # Nothing is counted down that may be otherwise by now.
    await expect(mia.page.locator(".ds-left")).to_have_text("")
    await service.start()
    await mia.page.clock.fast_forward(16_000)
    await expect(sign).to_be_hidden()
    await expect(mia.page).to_have_title("Notes")
    await expect(mia.page.locator(".ds-left")).to_contain_text("in ")


async def test_a_page_whose_script_hears_nothing_from_the_start_says_so_too(
    world: World, browser: Browser, service: Service
) -> None:
    phone = await Phone.of(world, browser, service.base, "Mia")
    await phone.page.clock.install()
    await phone.page.route("**/board/events*", lambda route: route.abort())
    await phone.open("/board")
    await expect(phone.page.locator("#state")).to_contain_text("As of 09:00:00")
    await phone.page.clock.fast_forward(9_000)
    await expect(phone.page.locator("#not-live")).to_be_visible()


@each_size
async def test_a_watch_that_is_behind_is_not_to_be_overlooked(world: World, browser: Browser, size: str) -> None:
    found: list[str] = []

    async def health() -> Health:
        return Health(tuple(found))

    await world.inside()
    async with serving(application(world, web, health=health)) as base:
        context = await browser.new_context(viewport=SIZES[size])
        page = await context.new_page()
        await signed_in_page(world, page, base)
        await expect(page.locator("#state")).to_contain_text("Live")
        await expect(page.locator("#behind")).to_be_hidden()
        found.append("3 alarms were not raised, for 40 s")
        await expect(page.locator("#behind")).to_contain_text("THE WATCH IS BEHIND")
        await expect(page.locator("#behind")).to_contain_text("3 alarms were not raised, for 40 s")
        await expect(page.locator("#behind")).to_be_in_viewport(ratio=0.9)
        found.clear()
        await expect(page.locator("#behind")).to_be_hidden()
        await context.close()


async def signed_in_page(world: World, page: Page, base: str) -> None:
    """As Mia, on the board."""
    await page.goto(f"{base}/in/{await sign_in_code(world, 'Mia')}")
    await page.get_by_role("button", name="Sign in").click()
    await page.goto(f"{base}/board")


async def test_by_keyboard_the_alert_is_reached_and_nothing_that_comes_in_takes_the_place_away(
    world: World, browser: Browser, service: Service
) -> None:
    row = await world.inside("Ben", ref="F-2")
    mia = await manager(world, browser, service.base, "desk")
    name = mia.page.get_by_role("link", name="Ben")
    await name.focus()
    world.clock.move(MINUTE)
    await world.ok(row, "Ben")
    await expect(mia.page.get_by_role("cell", name="09:31")).to_be_visible()
    await expect(mia.page.get_by_role("link", name="Ben")).to_be_focused()
    await world.do("Ann", words.sos, None, Word())
    await expect(mia.page.get_by_role("link", name="Open alert 1")).to_be_visible()
    await expect(mia.page.get_by_role("link", name="Ben")).to_be_focused()
    await mia.page.keyboard.press("Shift+Tab")
    await expect(mia.page.get_by_role("link", name="Open alert 1")).to_be_focused()
    await mia.page.keyboard.press("Enter")
    await expect(mia.page.get_by_role("heading", name="Alert 1")).to_be_visible()


async def test_without_scripts_the_board_loads_itself_again_and_says_as_of_when(
    world: World, browser: Browser, service: Service
) -> None:
    await world.inside()
    context = await browser.new_context(viewport=SIZES["phone"], java_script_enabled=False)
    page = await context.new_page()
    await signed_in_page(world, page, service.base)
    await expect(page.locator("#state")).to_contain_text("As of 09:00:00")
    await expect(page.get_by_text("in 30 min")).to_be_visible()
    await expect(page.locator("head noscript meta[http-equiv=refresh]")).to_have_attribute("content", "30")
    await expect(page.locator("main noscript p")).to_be_visible()
    await world.do("Ben", words.sos, None, Word())
    await page.get_by_role("link", name="Load again").click()
    await page.get_by_role("link", name="Open alert 1").click()
    await expect(page.get_by_role("heading", name="Alert 1")).to_be_visible()
    await context.close()


#: How often the page drew, and the longest time in which it did nothing else, since this was run.
MEASURE = """
() => {
  const seen = { frames: 0, longest: 0, touched: 0 };
  let last = performance.now();
  const frame = (now) => {
    seen.frames += 1;
    seen.longest = Math.max(seen.longest, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new MutationObserver((changes) => { for (const each of changes) seen.touched += each.addedNodes.length; })
    .observe(document.getElementById('rows'), { childList: true });
  window.seen = seen;
}
"""


@each_size
async def test_five_hundred_watched_visits_do_not_slow_the_browser(
    world: World, browser: Browser, service: Service, size: str
) -> None:
    """One word touches one row, whatever the number of rows; how long it takes is said (`-s`), and not asserted."""
    visits = await crowd(world, 500)
    began = time.perf_counter()
    mia = await manager(world, browser, service.base, size)
    rows = mia.page.locator("#rows > tr")
    await expect(rows).to_have_count(500)
    print(f"{size}: from signing in to 500 rows live {time.perf_counter() - began:.2f} s")
    await mia.page.evaluate(MEASURE)
    for number in (400, 250, 3):
        async with world.database.transaction() as tx:
            late = tx.now + (60 + number) * MINUTE
            values = {"due_at": late, "next_at": late, "alarm_at": late, "last_word_at": tx.now}
            await tx.conn.execute(update(watch).where(watch.c.visit_id == visits[number]).values(**values))
            tx.announce(f"board:{world.team_id}")
        due = f"[data-due='{round(late.timestamp() * 1000)}']"
        await expect(mia.page.locator(due)).to_have_count(1)
        places = await mia.page.locator("#rows .ds-left").evaluate_all("all => all.map(each => +each.dataset.due)")
        assert places == sorted(places), "the rows stand in their order"
    seen = await mia.page.evaluate("window.seen")
    print(f"{size}: {seen['frames']} frames, the longest {seen['longest']:.0f} ms")
    assert seen["touched"] == 3, "a row that did not change was put in place again"
    assert mia.errors == []
