"""Coming in, and showing again that it is oneself, in a real browser: by touch, by keyboard alone, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from playwright.async_api import Browser, Page

from safety_service import web
from tests.browser import checks
from tests.browser.catalogue import DESK, PHONE
from tests.browser.hand import Hand
from tests.browser.phone import PATIENCE, expect
from tests.http import application, serving, sign_in_code
from tests.services.openid import CLIENT, SECRET, Provider, providing
from tests.unit.account_pages.signing import linked
from tests.unit.reachable import has, said
from tests.unit.test_web_again import LATER
from tests.world import World

each_size = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
MIA = "mia@example.org"


@pytest.fixture
async def provider(world: World) -> AsyncIterator[Provider]:
    async with providing(lambda: world.now) as one:
        for name in ("Ann", "Mia"):
            one.people[f"sub-{name}"] = {"email": f"{name.lower()}@example.org", "email_verified": True}
        yield one


@pytest.fixture
async def base(world: World, provider: Provider) -> AsyncIterator[str]:
    port = unused_port()
    app = application(
        world,
        web,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        email_url="json://127.0.0.1:9/{address}",
        telegram_token="4711:a-token-of-nobody",
        public_url=f"http://127.0.0.1:{port}",
    )
    async with serving(app, port) as address:
        provider.back = f"{address}/account/back"
        yield address


@asynccontextmanager
async def looking(browser: Browser, size: Any = PHONE, **more: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=size, **more)
    context.set_default_timeout(PATIENCE)
    yield await context.new_page()
    await context.close()


async def came_in(world: World, page: Page, base: str, who: str = "Mia") -> None:
    """Signed in, a while ago."""
    await page.context.request.post(f"{base}/in/{await sign_in_code(world, who)}", max_redirects=0)
    world.clock.move(LATER)


async def holds(page: Page) -> None:
    faults = []
    for check in (checks.axe, checks.too_wide, checks.too_low, checks.headings):
        faults += await check(page)
    assert not faults, "\n".join(faults)


async def the_code(world: World) -> str:
    return str((await said(world, "Mia", "channel.again"))[-1].params["code"])


async def unanswered(world: World) -> str:
    """An alert of Ann's that Mia has taken."""
    await world.inside("Ann")
    await world.later(46)
    return f"/alerts/{(await world.alert()).id}"


@each_size
async def test_a_link_that_was_asked_for_at_the_door(world: World, browser: Browser, base: str, size: Any) -> None:
    await has(world, "Mia", "email", MIA)
    async with looking(browser, size) as page:
        await page.goto(base)
        await holds(page)
        hand = Hand(page)
        await page.get_by_label("Your work e-mail address").fill(MIA)
        await hand.button("Send me a link")
        await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        await holds(page)
        (sent,) = await said(world, "Mia", "channel.sign_in")
        await page.goto(base + str(sent.params["sign_in"]))
        await hand.button("Sign in")
        await expect(page.get_by_role("link", name="Chat").first).to_be_visible()
        hand.did("Come in by a link that one asked for")


@each_size
async def test_a_work_account(world: World, browser: Browser, base: str, size: Any) -> None:
    async with looking(browser, size) as page:
        await page.goto(base)
        hand = Hand(page)
        await hand.press(page.get_by_role("button", name="Sign in with your work account"))
        await hand.button("sub-Ann")
        await page.goto(f"{base}/devices")
        await expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
        hand.did("Come in with a work account")
        await holds(page)


@each_size
async def test_a_second_person_agrees_to_a_managers_account(
    world: World, browser: Browser, base: str, size: Any
) -> None:
    async with looking(browser, size) as page:
        await page.goto(base)
        await page.get_by_role("button", name="Sign in with your work account").click()
        await page.get_by_role("button", name="sub-Mia").click()
        await expect(page.get_by_role("heading", name="This account is new here")).to_be_visible()
        await holds(page)
    async with looking(browser, size) as page:
        await page.context.request.post(f"{base}/in/{await sign_in_code(world, 'Dev')}", max_redirects=0)
        await page.goto(f"{base}/account")
        await holds(page)
        hand = Hand(page)
        await hand.press(page.get_by_role("button", name="It was them"))
        await expect(page.get_by_text("You come in by a link")).to_be_visible()
        hand.did("Agree to somebody's work account")


@each_size
async def test_ending_an_alert_a_while_after_signing_in_takes_a_code_and_loses_nothing(
    world: World, browser: Browser, base: str, size: Any
) -> None:
    here = await unanswered(world)
    async with looking(browser, size) as page:
        await came_in(world, page, base)
        await page.goto(base + here)
        note = "Rang her: she is in the car, her phone was in the boot. \N{HEAVY BLACK HEART} \"'<b>"
        await page.evaluate(
            """([action, note]) => {
                const form = document.createElement('form');
                form.method = 'post'; form.action = action;
                for (const [name, value] of [['found', 'safe'], ['known_by', 'heard_voice'], ['note', note]]) {
                    const field = document.createElement('input');
                    field.name = name; field.value = value; form.append(field);
                }
                document.body.append(form); form.submit();
            }""",
            [f"{here}/resolve", note],
        )
        await expect(page.get_by_role("heading", name="Show that it is you")).to_be_visible()
        await holds(page)
        hand = Hand(page)
        await page.get_by_label("The code").fill("00000000")
        await page.get_by_role("button", name="Go on", exact=True).click()
        await expect(page.get_by_role("link", name="That is not the code")).to_be_visible()
        await holds(page)
        await page.get_by_label("The code").fill(await the_code(world))
        await hand.button("Go on")
        await page.wait_for_url(base + here)
        hand.did("Show again that it is oneself, by a code")
    row = await world.alert()
    assert row.alert.state == "resolved" and row.alert.resolution is not None
    assert row.alert.resolution.note == note


async def test_by_keyboard_alone(world: World, browser: Browser, base: str) -> None:
    await has(world, "Mia", "email", MIA)
    async with looking(browser, DESK) as page:
        await page.goto(base)
        await page.get_by_label("Your work e-mail address").focus()
        await page.keyboard.type(MIA)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        (sent,) = await said(world, "Mia", "channel.sign_in")
        await page.goto(base + str(sent.params["sign_in"]))
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="Chat").first).to_be_visible()
        world.clock.move(LATER)
        await page.goto(f"{base}/log/export")
        await page.get_by_label("From this day").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("The code")).to_be_focused()
        await page.keyboard.type(await the_code(world))
        async with page.expect_download() as saved:
            await page.keyboard.press("Enter")
        assert (await saved.value).suggested_filename.endswith(".csv")


async def test_without_scripts(world: World, browser: Browser, base: str) -> None:
    await has(world, "Mia", "email", MIA)
    async with looking(browser, java_script_enabled=False) as page:
        await page.goto(base)
        await page.get_by_label("Your work e-mail address").fill(MIA)
        await page.get_by_role("button", name="Send me a link").click()
        (sent,) = await said(world, "Mia", "channel.sign_in")
        await page.goto(base + str(sent.params["sign_in"]))
        await page.get_by_role("button", name="Sign in").click()
        await page.goto(f"{base}/log/export")
        world.clock.move(LATER)
        await page.get_by_role("button", name="Take it").click()
        await page.get_by_role("button", name="Send a code by e-mail").click()
        assert [each.channel for each in await said(world, "Mia", "channel.again")] == ["telegram", "email"]
        await page.get_by_label("The code").fill(await the_code(world))
        async with page.expect_download() as saved:
            await page.get_by_role("button", name="Go on", exact=True).click()
        assert (await saved.value).suggested_filename.endswith(".csv")


@each_size
async def test_showing_it_with_the_work_account_in_another_tab(
    world: World, browser: Browser, base: str, provider: Provider, size: Any
) -> None:
    await linked(world, provider, "Mia")
    async with looking(browser, size) as page:
        await came_in(world, page, base)
        await page.goto(f"{base}/log/export")
        await page.get_by_role("button", name="Take it").click()
        await holds(page)
        hand = Hand(page)
        async with page.expect_popup() as opened:
            await hand.press(page.get_by_role("link", name="Sign in again with your work account"))
        there = await opened.value
        await Hand(there).button("sub-Mia")
        hand.pressed += 1
        await expect(there.get_by_text("Close this page")).to_be_visible()
        async with page.expect_download() as saved:
            await hand.button("Go on")
        assert (await saved.value).suggested_filename.endswith(".csv")
        hand.did("Show again that it is oneself, with a work account")


@each_size
async def test_linking_ones_own_account(
    world: World, browser: Browser, base: str, provider: Provider, size: Any
) -> None:
    provider.people["sub-x"] = {"preferred_username": "ann.bello@staff.example.org"}
    async with looking(browser, size) as page:
        await page.context.request.post(f"{base}/in/{await sign_in_code(world, 'Ann')}", max_redirects=0)
        await page.goto(f"{base}/account")
        await holds(page)
        hand = Hand(page)
        await hand.press(page.get_by_role("button", name="Link your work account"))
        await hand.button("sub-x")
        await expect(page.get_by_text("ann.bello@staff.example.org")).to_be_visible()
        await holds(page)
        await hand.button("It is mine: link it")
        await expect(page.get_by_text("In use")).to_be_visible()
        await holds(page)
        hand.did("Link one's own work account")


async def test_what_was_signed_in_elsewhere_is_ended(world: World, browser: Browser, base: str) -> None:
    async with looking(browser) as lost, looking(browser) as page:
        await came_in(world, lost, base)
        await came_in(world, page, base)
        await page.goto(f"{base}/devices")
        hand = Hand(page)
        await hand.button("End all others")
        hand.did("End every other session of one's own")
        await lost.goto(f"{base}/devices")
        await expect(lost.get_by_role("heading", name="You need a link to come in")).to_be_visible()


async def test_after_signing_out_going_back_shows_nothing(world: World, browser: Browser, base: str) -> None:
    """On a shared desk: neither the browser's cache nor its way back holds what was read."""
    async with looking(browser, DESK) as page:
        await came_in(world, page, base)
        await page.goto(f"{base}/hello")
        await expect(page.get_by_role("heading", name="Hello Mia")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        await page.go_back()
        await expect(page.get_by_role("heading", name="You need a link to come in")).to_be_visible()
        await expect(page.get_by_text("Hello Mia")).to_be_hidden()
        assert await page.context.cookies() == []
