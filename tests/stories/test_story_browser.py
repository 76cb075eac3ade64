"""The story in the browser: the worker's chat on a phone, the managers' chat, board and page of the alert."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.browser.phone import HERE, PATIENCE, SIZE, Phone, chromium, expect
from tests.stories.harness import Service, serving
from tests.stories.town import CAST, FAMILY, HOME, TELLING, assert_discreet_logs, person, until_morning
from tests.talk import taps


async def test_a_visit_is_planned_watched_missed_and_ends_well(
    tmp_path: Path, database_url: str, hot_url: str | None, chromium_path: Path
) -> None:
    async with demonstration(tmp_path, database_url, hot_url) as service, chromium(chromium_path) as browser:
        sam, helen, tom = [await signed_in(service, browser, who) for who in ("Sam", "Helen", "Tom")]
        await plan_and_begin(service, sam)
        await fall_silent(service, sam, helen)
        await the_second_rung_takes_it(service, sam, helen, tom)
        await a_late_word(service, sam, helen)
        await it_is_resolved(helen, tom)
        await out_and_home(service, sam)
        assert [each.errors for each in (sam, helen, tom)] == [[], [], []]
    assert_discreet_logs(service, HOME, FAMILY, *CAST.values())


@asynccontextmanager
async def demonstration(folder: Path, database_url: str, redis_url: str | None) -> AsyncIterator[Service]:
    """What `make run` starts, by day."""
    async with serving(folder / "service", database_url, redis_url=redis_url, demo=True, start=False) as service:
        service.skip(until_morning())
        await service.start()
        yield service


async def signed_in(service: Service, browser: Browser, who: str) -> Phone:
    """A phone of their own, by the link that `doorstep sign-in` prints; their chat is open."""
    link = re.search(r"http\S+", await service.command("sign-in", CAST[who]))
    assert link, "a link is printed"
    context = await browser.new_context(
        viewport=SIZE, has_touch=True, is_mobile=True, geolocation=HERE, permissions=["geolocation"]
    )
    context.set_default_timeout(PATIENCE)
    phone = Phone(context, await context.new_page(), service.url)
    await phone.page.goto(link[0])
    await phone.page.get_by_role("button", name="Sign in").click()
    await expect(phone.page.get_by_role("link", name="Chat")).to_be_visible()
    await phone.open("/chat")
    await expect(phone.unheard).to_be_hidden()
    return phone


async def plan_and_begin(service: Service, sam: Phone) -> None:
    """A known family in three taps, and one at the door; then nothing on the screen tells where this is."""
    await sam.say("/visit")
    for label in (FAMILY, "Now"):
        await sam.press(label)
    await sees(sam, r"^Now, 45 minutes\. I ask every 30 minutes\.\s+LOW\.")
    await sam.press("Yes, plan it")
    await sees(sam, r"^Planned: \d\d:\d\d, 45 minutes\.")
    assert await tapped(service, "Sam") == 3
    await sam.press("Going in")
    await sees(sam, r"^OK\. \d\d:\d\d\.")
    await discreet(sam)
    for label in ("OK", "+5", "+15", "Out", "Ring me", "Office now"):
        await expect(sam.page.get_by_role("button", name=label, exact=True).last).to_be_in_viewport()

    service.skip(10 * 60)
    await sam.press("OK")
    await expect(sam.theirs("OK.")).to_have_count(2)
    assert await tapped(service, "Sam") == 5


async def fall_silent(service: Service, sam: Phone, helen: Phone) -> None:
    """A question, a nudge, and then Helen, who is on duty, has what she needs to act."""
    service.skip(30 * 60 + 5)
    await sees(sam, r"^\d\d:\d\d\?$")
    service.skip(3 * 60 + 30)
    await sees(sam, r"^\d\d:\d\d\? Asking once more\.$")
    await expect(helen.theirs("ALARM")).to_have_count(0)
    service.skip(7 * 60)
    alarm = await sees(helen, r"^ALARM \d+\. Missed check-in\. LOW\.")
    for told in (
        r"Sam Okoro, alone\. No word since \d\d:\d\d\. Due \d\d:\d\d\.",
        re.escape(f"{HOME} ({FAMILY})."),
        r"Ring Sam Okoro once: 07700900101\. No answer\? Ring 999\.",
        r"Told: you \d\d:\d\d\. Next: Tom Ridley \d\d:\d\d\.",
    ):
        assert re.search(told, alarm), alarm
    await discreet(sam)


async def the_second_rung_takes_it(service: Service, sam: Phone, helen: Phone, tom: Phone) -> None:
    """Helen does not answer. Tom opens the alert from his board, which does nothing yet, and takes it by one tap."""
    await expect(tom.theirs("ALARM")).to_have_count(0)
    service.skip(10 * 60 + 5)
    await sees(tom, r"^ALARM \d+\.")
    page = await tom.context.new_page()
    await page.goto(f"{tom.base}/board")
    await expect(page.get_by_role("heading", name="Sam Okoro missed a check-in")).to_be_visible()
    await expect(page.get_by_text("Nobody has it yet.", exact=True)).to_be_visible()
    await fits(page)
    await page.get_by_role("link", name=re.compile("Open alert")).click()
    await expect(page.get_by_text("Nobody has this yet.")).to_be_visible()
    await expect(page.get_by_text(HOME).first).to_be_visible()
    await fits(page)
    await page.get_by_role("button", name="I have it").click()
    await expect(page.get_by_text("You have this.")).to_be_visible()
    await sees(helen, r"^Tom Ridley has alarm \d+ \(Sam Okoro\)\.$")
    await sees(sam, r"^Read \d\d:\d\d\.$")
    await discreet(sam)


async def a_late_word(service: Service, sam: Phone, helen: Phone) -> None:
    """An OK is good news for everyone who was alarmed, and ends nothing."""
    service.skip(60)
    await sam.say("ok")
    await expect(sam.theirs("OK.")).to_have_count(3)
    await sees(helen, r"^Sam Okoro said OK at \d\d:\d\d\. Alarm \d+ stays open until somebody has spoken")
    await discreet(sam)


async def it_is_resolved(helen: Phone, tom: Phone) -> None:
    """On the page of the alert, with what was found and how it is known."""
    page = tom.context.pages[-1]
    await page.locator("#found-safe").check()
    await page.locator("#known_by-heard_voice").check()
    await page.get_by_role("button", name="Close it").click()
    shown = await page.get_by_text(re.compile(r"Your code is \d+")).inner_text()
    await page.get_by_label("The code").fill("".join(each for each in shown if each.isdigit()))
    await page.get_by_role("button", name="Go on").click()
    await expect(
        page.get_by_text(re.compile(r"Closed at \d\d:\d\d.* by Tom Ridley: safe, heard their voice"))
    ).to_be_visible()
    await sees(helen, r"^Sam Okoro: safe\. Tom Ridley closed alarm \d+ at \d\d:\d\d: voice heard\.")


async def out_and_home(service: Service, sam: Phone) -> None:
    """Out asks how it was: two taps; then home."""
    before = await tapped(service, "Sam")
    await sam.press("Out")
    await sees(sam, r"Out \d\d:\d\d\.[\s\S]*How was it\?")
    assert await tapped(service, "Sam") == before + 1
    await sam.press("Fine")
    await sees(sam, r"^Child or adult seen\?$")
    await sam.press("Alone")
    await sees(sam, r"^Done\. Thank you\.")
    assert await tapped(service, "Sam") == before + 3
    await sam.press("Home")
    await sees(sam, r"^Home \d\d:\d\d\. Done\.")


async def sees(phone: Phone, pattern: str) -> str:
    """Wait until the newest message that says this is on the screen; gives its words."""
    bubble = (
        phone.page.locator(".word.theirs").filter(has=phone.page.locator(".said", has_text=re.compile(pattern))).last
    )
    await expect(bubble).to_be_visible()
    return await bubble.locator(".said").inner_text()


async def discreet(phone: Phone) -> None:
    """Nothing on this screen tells whose home it is, where, or why anybody should worry; nor does its title."""
    await expect(phone.log).not_to_contain_text(FAMILY)
    shown = f"{await phone.page.title()}\n{await phone.page.locator('body').inner_text()}"
    assert not TELLING.search(shown), f"somebody may read this: {TELLING.search(shown)}\n{shown}"


async def fits(page: Page) -> None:
    """Nothing is wider than the phone."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def tapped(service: Service, who: str) -> int:
    """How often they have pressed something, by the chat's own record."""
    worker = await person(service, CAST[who])
    async with service.database() as database:
        return await taps(database, worker.id, datetime.min.replace(tzinfo=UTC), channel="webchat")
