"""An alert on a phone and at a desk: one has it and the other reads who; by keyboard, without scripts, live."""

from __future__ import annotations

import asyncio
import contextlib
import io
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web as aiohttp_web
from playwright.async_api import Browser, Page, Route

from safety_service.actions import alerts, danger, kept_files, words
from safety_service.actions.kept_files import Spoken
from safety_service.actions.words import Position, Word
from safety_service.domain.words import Found, KnownBy
from safety_service.store import visits
from tests.browser.catalogue import DESK, PHONE
from tests.browser.hand import Hand
from tests.browser.phone import PATIENCE, expect
from tests.browser.service import Service
from tests.http import serving, sign_in_code
from tests.patience import until
from tests.world import World

each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
HOME = {"latitude": 53.4808, "longitude": -2.2426}
SEEN = Position(latitude=53.4815, longitude=-2.2411, accuracy_m=35)
#: One grey pixel.
TILE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)

Opener = Callable[..., Awaitable[Page]]


@pytest.fixture
async def opened(world: World, browser: Browser, service: Service) -> AsyncIterator[Opener]:
    """Opens a page in a browser of somebody's own; in the end no page has complained."""
    async with AsyncExitStack() as stack:
        said: list[str] = []

        async def opening(who: str, path: str, base: str = service.base, **settings: object) -> Page:
            context = await browser.new_context(**{"viewport": PHONE, **settings})  # type: ignore[arg-type]
            stack.push_async_callback(context.close)
            context.set_default_timeout(PATIENCE)
            await context.request.post(f"{base}/in/{await sign_in_code(world, who)}", max_redirects=0)
            page = await context.new_page()
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("console", lambda each: said.append(each.text) if "Content Security" in each.text else None)
            await page.goto(base + path)
            return page

        yield opening
        assert said == []


async def silent(world: World) -> str:
    """Ann was seen near the door, and does not answer."""
    row = await world.inside(address="14 Elm Row")
    async with world.database.transaction() as tx:
        await visits.locate(tx, row.id, {**row.address, **HOME})
    await world.do("Ann", words.ok, row.id, Word(position=SEEN))
    await world.later(41)
    return f"/alerts/{(await world.alert()).id}"


async def called(world: World, *, silently: bool = False) -> str:
    row = await world.inside(address="14 Elm Row")
    if silently:
        async with world.database.transaction() as tx:
            await danger.duress(tx, world.ids["Ann"], row.id, tx.now)
    else:
        await world.do("Ann", words.sos, row.id, Word())
    await world.later(1)
    return f"/alerts/{(await world.alert()).id}"


# --- two at once ---


async def test_two_managers_take_it_in_the_same_instant_and_one_reads_who_has_it(world: World, opened: Opener) -> None:
    path = await silent(world)
    pages = {"Mia": await opened("Mia", path), "Dev": await opened("Dev", path)}
    waiting: list[Route] = []
    both = asyncio.Event()

    async def together(route: Route) -> None:
        waiting.append(route)
        if len(waiting) == len(pages):
            both.set()
        await both.wait()
        await route.continue_()

    for page in pages.values():
        await page.route(f"**{path}/take", together)
    await asyncio.gather(*(page.get_by_role("button", name="I have it", exact=True).click() for page in pages.values()))
    owner = world.name((await world.alert()).alert.owner_id)
    other = next(who for who in pages if who != owner)
    await expect(pages[owner].get_by_text("You have this.")).to_be_visible()
    await expect(pages[other].get_by_text(f"{owner} has it already.")).to_be_visible()
    await expect(pages[other].get_by_text(f"{owner} has this since")).to_be_visible()
    await expect(pages[other].get_by_role("button", name="I have it", exact=True)).to_have_count(0)


# --- each job, at both sizes, counted ---


@each_size
async def test_it_is_taken_told_of_passed_on_and_closed(world: World, opened: Opener, size: dict[str, int]) -> None:
    path = await silent(world)
    page = await opened("Mia", path, viewport=size)
    hand = Hand(page)
    await hand.summary("999 words: what to say")
    await expect(page.get_by_text("I am ringing about Ann")).to_be_visible()
    hand.did("read what to say to 999")
    await hand.button("I have it")
    await expect(page.get_by_text("You have this.")).to_be_visible()
    hand.did("take an alert")
    await hand.summary("Write a note")
    await page.get_by_label("Everyone who was told reads it").fill("Her car is still there")
    await hand.button("Tell them")
    await expect(page.get_by_role("status")).to_have_text("Noted. Everyone told hears it.")
    await expect(page.locator(".ds-story").get_by_text("Her car is still there")).to_be_visible()
    hand.did("tell everyone how it goes, with a note")
    await hand.summary("Pass on")
    await hand.radio("Who should have it?", "Dev")
    await hand.button("Ask them")
    await expect(page.get_by_text("Dev is asked to take it.")).to_be_visible()
    hand.did("pass an alert on")
    await hand.radio("What was found?", "Safe")
    await hand.radio("How do you know?", "Heard their voice")
    await hand.button("Close it")
    await expect(page.get_by_text("Closed at")).to_be_visible()
    hand.did("close an alert")
    assert (await world.alert()).alert.state == "resolved"


@each_size
async def test_from_the_board_it_is_taken_in_two(world: World, opened: Opener, size: dict[str, int]) -> None:
    await silent(world)
    page = await opened("Mia", "/board", viewport=size)
    hand = Hand(page)
    await hand.link("Open alert 1")
    await hand.button("I have it")
    await expect(page.get_by_text("You have this.")).to_be_visible()
    hand.did("take an alert from the board")


@each_size
async def test_with_duress_it_is_first_said_what_must_not_be_done(
    world: World, opened: Opener, size: dict[str, int]
) -> None:
    page = await opened("Mia", await called(world, silently=True), viewport=size)
    first = page.locator("[data-piece=state] > *").first
    await expect(first).to_have_text("Do not ring or text Ann. They may be watched. Ring 999 now.")
    await expect(first).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("link", name="Ring 999")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="I have it")).to_be_in_viewport()
    await expect(page.get_by_text("Please do not ring them")).to_be_visible()
    Hand(page).did("read what to say to 999, in danger")
    ringing = await page.locator("#page a[href^='tel:']").all()
    assert [await each.get_attribute("href") for each in ringing] == ["tel:999"]


@each_size
async def test_an_sos_ends_when_a_second_person_agrees(world: World, opened: Opener, size: dict[str, int]) -> None:
    path = await called(world)
    await world.do("Mia", alerts.resolve, (await world.alert()).id, Found.HELPED, KnownBy.HEARD_VOICE)
    page = await opened("Dev", path, viewport=size)
    hand = Hand(page)
    await hand.button("I agree")
    await expect(page.get_by_text("Dev agreed.")).to_be_visible()
    hand.did("agree, as the second person, to how an SOS ended")


@each_size
async def test_a_past_alert_is_found_by_its_kind(world: World, opened: Opener, size: dict[str, int]) -> None:
    await silent(world)
    await world.do("Mia", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    await world.do("Ben", words.sos, None, Word())
    page = await opened("Mia", "/alerts", viewport=size)
    await expect(page.get_by_role("link", name="Alert 2: SOS")).to_be_in_viewport()
    hand = Hand(page)
    await hand.summary("Narrow it")
    await hand.choose("Kind", "Missed check-in")
    await hand.button("Look")
    await expect(page.get_by_role("link", name="Alert 1: missed check-in")).to_be_visible()
    hand.did("find a past alert by its kind")
    await hand.choose("Kind", "SOS")
    await hand.button("Look")
    await expect(page.get_by_text("None like that.")).to_be_visible()


# --- by keyboard, without scripts ---


async def tab_to(page: Page, name: str) -> None:
    """Tab on until something of this name is focused; it is seen that it is."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if name in ((await focused.text_content()) or "", await focused.get_attribute("id")):
            outline = await focused.evaluate(
                "each => getComputedStyle(each).outlineStyle + getComputedStyle(each).boxShadow"
            )
            assert outline != "nonenone"
            return
    raise AssertionError(f"{name} is not reached by the keyboard")


async def test_by_keyboard_alone_it_is_taken_noted_and_closed(world: World, opened: Opener) -> None:
    page = await opened("Mia", await silent(world))
    await tab_to(page, "I have it")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("You have this.")).to_be_visible()
    await tab_to(page, "Write a note")
    await page.keyboard.press("Enter")
    await tab_to(page, "words")
    await page.keyboard.type("I ring her sister")
    await tab_to(page, "Tell them")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Noted. Everyone told hears it.")
    await tab_to(page, "found-safe")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await tab_to(page, "Close it")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Closed at")).to_be_visible()
    found = (await world.alert()).alert.resolution
    assert found is not None and (found.found, found.known_by) == ("false_alarm", "heard_voice")


async def test_without_scripts_it_is_taken_and_closed_and_says_where_they_are(world: World, opened: Opener) -> None:
    page = await opened("Mia", await silent(world), java_script_enabled=False)
    hand = Hand(page)
    await expect(page.locator("[data-map]")).to_be_hidden()
    await expect(page.get_by_text("They: 53.48150, -2.24110.")).to_be_visible()
    await expect(page.get_by_text("130 m from the address")).to_be_visible()
    await expect(page.get_by_role("link", name="Map of where they were")).to_have_attribute(
        "rel", "noreferrer noopener"
    )
    await hand.button("I have it")
    await expect(page.get_by_text("You have this.")).to_be_visible()
    await hand.radio("What was found?", "Late, and well")
    await hand.radio("How do you know?", "Saw them")
    await hand.button("Close it")
    await expect(page.get_by_text("Closed at")).to_be_visible()


# --- live ---


async def live(opened: Opener, service: Service, path: str) -> Page:
    """The page, once it has heard how things are: whatever it shows from here on it has heard of later."""
    page = await opened("Mia", "/hello")
    async with page.expect_response(lambda answer: answer.url.endswith("/now")):
        await page.goto(service.base + path)
    return page


async def test_it_renews_itself_and_takes_nothing_away_that_is_being_typed(
    world: World, opened: Opener, service: Service
) -> None:
    page = await live(opened, service, await silent(world))
    await page.locator("summary", has_text="Write a note").click()
    note = page.get_by_label("Everyone who was told reads it")
    await note.fill("half a sen")
    await page.get_by_role("group", name="What was found?").get_by_text("Safe", exact=True).click()
    await world.do("Dev", alerts.take, (await world.alert()).id)
    await expect(page.get_by_text("Dev has this since")).to_be_visible()
    await expect(page.get_by_role("button", name="I have it", exact=True)).to_have_count(0)
    await expect(page.locator(".ds-story").get_by_text("Dev (manager) has it")).to_be_visible()
    await expect(note).to_have_value("half a sen")
    await expect(page.get_by_label("Safe", exact=True)).to_be_checked()
    await world.do("Dev", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    await expect(page.get_by_text("Closed at")).to_be_visible()
    await expect(page.get_by_role("button", name="Close it")).to_be_hidden()


async def test_duress_that_comes_meanwhile_takes_the_ringing_off_the_open_page(
    world: World, opened: Opener, service: Service
) -> None:
    page = await live(opened, service, await silent(world))
    await expect(page.get_by_role("link", name="Ring Ann")).to_be_visible()
    visit_id = (await world.alert()).alert.visit_id
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ann"], visit_id, tx.now)
    await expect(page.get_by_text("Do not ring or text Ann.")).to_be_visible()
    await expect(page.get_by_role("link", name="Ring Ann")).to_have_count(0)
    await expect(page.get_by_text("Do not ring, text or visit.")).to_be_visible()


async def test_a_new_position_is_on_the_map_and_its_age_is_said_as_time_goes_on(
    world: World, opened: Opener, service: Service
) -> None:
    page = await live(opened, service, await silent(world))
    visit_id = (await world.alert()).alert.visit_id
    assert visit_id is not None
    await expect(page.get_by_text("41 min ago").first).to_be_visible()
    await world.do("Ann", words.note, visit_id, Word(position=Position(latitude=53.4900, longitude=-2.2411)))
    await expect(page.get_by_text("They: 53.49000, -2.24110.")).to_be_visible()
    await expect(page.get_by_text("1.0 km from the address")).to_be_visible()
    await expect(page.locator(".ds-map-seen")).to_have_count(1)


async def test_a_page_that_is_not_live_says_so_and_comes_back(world: World, opened: Opener, service: Service) -> None:
    page = await opened("Mia", await silent(world))
    sign = page.locator("#not-live")
    await expect(sign).to_be_hidden()
    await page.clock.install()
    await service.stop()
    await page.clock.fast_forward(26_000)
    await expect(sign).to_contain_text("This page is not live")
    await expect(sign.get_by_role("link")).to_have_attribute("href", "tel:01632960000")
    await service.start()

    async def back() -> bool:
        await page.clock.fast_forward(26_000)
        # The answer comes in its own time, which nobody moves.
        with contextlib.suppress(AssertionError):
            await expect(sign).to_be_hidden(timeout=3_000)
        return await sign.is_hidden()

    await until(back, within=60.0)


# --- the map ---


async def test_without_a_tile_server_the_map_is_plain_ground_with_rings_and_asks_nobody(
    world: World, opened: Opener, service: Service
) -> None:
    page = await opened("Mia", "/hello")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(service.base + await silent(world))
    await expect(page.locator("[data-map]")).to_be_visible()
    await expect(page.locator(".ds-ring")).to_have_text(["50 m", "100 m"])
    for drawn in (".ds-map-home", ".ds-map-seen", ".ds-map-accuracy"):
        await expect(page.locator(drawn)).to_have_count(1)
    assert all(each.startswith(service.base) for each in asked)


async def test_with_a_tile_server_the_map_has_a_ground_and_the_server_is_told_no_more(
    world: World, opened: Opener
) -> None:
    heard: list[aiohttp_web.Request] = []

    async def tile(request: aiohttp_web.Request) -> aiohttp_web.Response:
        heard.append(request)
        return aiohttp_web.Response(body=TILE, content_type="image/png")

    maps = aiohttp_web.Application()
    maps.router.add_get("/{z}/{x}/{y}.png", tile)
    async with serving(maps) as elsewhere:
        other = elsewhere.replace("127.0.0.1", "localhost")  # a cookie knows of no port
        there = Service(world, tiles_url=f"{other}/{{z}}/{{x}}/{{y}}.png", tiles_credit="© Somebody's maps")
        await there.start()
        page = await opened("Mia", await silent(world), there.base)
        await expect(page.locator("img.leaflet-tile-loaded").first).to_be_attached()
        await expect(page.get_by_text("© Somebody's maps")).to_be_visible()
        await expect(page.locator(".ds-ring")).to_have_count(0)
        before = len(heard)
        await page.get_by_role("button", name="Zoom out").click()
        await until(lambda: len(heard) > before)
        await page.goto("about:blank")
        await there.stop()
    assert not any("Referer" in each.headers or "Cookie" in each.headers for each in heard)


# --- what was sent from there ---


async def test_what_comes_meanwhile_is_shown_and_what_is_listened_to_plays_on(
    world: World, opened: Opener, service: Service
) -> None:
    page = await live(opened, service, await called(world))
    visit_id = (await world.alert()).alert.visit_id
    await expect(page.get_by_text("Sent from there")).to_have_count(0)
    await world.do("Ann", kept_files.note, voice_note(1), visit_id=visit_id)
    await expect(page.locator("audio")).to_have_count(1)
    await page.locator("audio").evaluate("each => { each.muted = true; each.same = true; return each.play(); }")
    await world.do("Ann", kept_files.note, voice_note(2), visit_id=visit_id)
    await expect(page.locator("audio")).to_have_count(2)
    assert await page.locator("audio").first.evaluate("each => !each.paused && each.same")


def voice_note(number: int) -> Spoken:
    """A minute of silence."""
    body = io.BytesIO()
    with wave.open(body, "wb") as sound:
        sound.setparams((1, 1, 8000, 480_000, "NONE", "none"))
        sound.writeframes(b"\x80" * 480_000)
    data = body.getvalue()
    return Spoken(kind="voice", provider_id=f"page:{number}", media_type="audio/wav", size=len(data), body=data)
