"""Pictures for the documentation: a real Doorstep, a tour through one bad afternoon, and Chromium to look at it.

    make screenshots                    the tour into docs/pictures, every page into var/pages; the best stand in both
    make screenshots ARGS=/some/folder  somewhere else, with every page in its folder `pages`
    make screenshots ARGS=pages         every page only

It serves the demonstration team on a database that is thrown away, at a clock that says 13:55 and is moved on by hand.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from PIL import Image
from playwright.async_api import Browser, Page, StorageState, ViewportSize, async_playwright, expect

from scripts.learning_tour import learned
from scripts.page_pictures import BEST, every_page
from tests.services.chromium import chromium
from tests.services.run import Run
from tests.stories.harness import Service, serving

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
#: Not kept: a picture of every page, in two sizes.
PAGES = ROOT / "var" / "pages"
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=900, height=620)
ZONE = ZoneInfo("Europe/London")  # of the demonstration
BEGINS = "13:55"  # there
#: A step of the clock that is no gap in the watch: whoever is away for longer owns up to it, in the chat.
STEP = 20.0
#: So much of a page is kept for the documentation, in pixels.
UPPER = 900
#: Bytes that a picture may have: they are kept in the repository.
LARGEST = 150_000


@dataclass
class Screen:
    """Somebody's browser, and where its pictures go."""

    page: Page
    base: str
    folder: Path

    async def open(self, path: str) -> None:
        """Go to a page."""
        await self.page.goto(self.base + path)

    async def say(self, text: str) -> None:
        """Type into the chat and send."""
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def press(self, label: str) -> None:
        """Press the newest button with this label."""
        await self.page.get_by_role("button", name=label, exact=True).last.click()

    async def sees(self, text: str) -> None:
        """Wait until the newest such message is on the screen."""
        await expect(self.page.get_by_text(text).last).to_be_visible(timeout=15_000)

    async def picture(self, name: str, *, whole: bool = False, coarse: bool = False) -> None:
        """Keep what is on the screen (or the whole page), with no button looking pressed; `coarse`: a dot a pixel."""
        await self.page.wait_for_timeout(300)
        await expect(self.page.locator("#log button:disabled")).to_have_count(0, timeout=10_000)
        await self.page.locator("#log").evaluate_all("logs => logs.forEach(log => log.scrollTop = log.scrollHeight)")
        await self.page.mouse.move(0, 0)
        file = self.folder / f"{name}.png"
        scale: Literal["css", "device"] = "css" if coarse else "device"
        await self.page.screenshot(path=file, animations="disabled", caret="hide", full_page=whole, scale=scale)
        if file.stat().st_size > LARGEST:
            small(file, file, upper=None)
        size = file.stat().st_size
        print(f"{file.name}: {size // 1000} kB")
        if size > LARGEST:
            raise SystemExit(f"{file} has {size} bytes: more than {LARGEST}")


async def tour(service: Service, worker: Screen, manager: Screen, desk: Screen) -> None:
    """One bad afternoon. Each picture is what that person sees at that moment."""
    await planned(worker)
    await decided(manager)
    await watched(service, worker)
    await silent(service, worker)
    await alarmed(manager, desk)
    await resolved(service, worker, manager)
    await learned(worker, manager)
    await unheard(service, worker)


async def planned(worker: Screen) -> None:
    """A known family, as last time; the worker raises the risk."""
    await worker.say("/visit")
    await worker.press("K-204")
    await worker.press("14:00")
    await worker.press("Raise it")
    await worker.sees("A manager has to decide")
    await worker.picture("plan")
    await worker.press("Yes, plan it")
    await worker.sees("Planned: 14:00")


async def decided(manager: Screen) -> None:
    """The manager on duty decides, with a reason."""
    await manager.press("Go ahead")
    await manager.sees("Raised by Sam Okoro")
    await manager.picture("decide")
    await manager.press("Talked it through")
    await manager.sees("Noted: Go ahead")


async def watched(service: Service, worker: Screen) -> None:
    """At the door, inside, asked and answered."""
    await move(service, minutes=3)
    await worker.sees("Going in?")
    await move(service, minutes=2)
    await worker.picture("begin")
    await worker.press("Going in")
    await worker.sees("OK. 14:15.")
    await move(service, minutes=15)
    await worker.sees("14:15?")
    await worker.press("OK")
    await worker.sees("OK. 14:30.")
    await worker.picture("asked")


async def silent(service: Service, worker: Screen) -> None:
    """Asked, asked once more, and no answer."""
    await move(service, minutes=15)
    await worker.sees("14:30?")
    await move(service, minutes=1)
    await worker.sees("Asking once more")
    await worker.picture("silence")
    await move(service, minutes=2)


async def alarmed(manager: Screen, desk: Screen) -> None:
    """The alarm is at the manager, and on the board."""
    await manager.sees("ALARM 1. Missed check-in")
    await manager.picture("alarm")
    await desk.open("/board")
    await desk.sees("Nobody has it yet")
    await desk.page.get_by_role("link", name="Open alert 1").click()
    await desk.sees("Nobody has this yet")


async def resolved(service: Service, worker: Screen, manager: Screen) -> None:
    """Taken, heard, closed; then out, and how it was."""
    await manager.press("I have it")
    await manager.sees("You have alarm 1")
    await manager.picture("taken")
    await worker.sees("Read 14:3")
    await move(service, minutes=2)
    await manager.press("Heard, safe")
    await manager.press("Heard their voice")
    await manager.sees("Alarm 1 is closed")
    await manager.picture("resolved")
    await worker.press("Out")
    await worker.sees("How was it?")
    await worker.picture("out")


async def unheard(service: Service, worker: Screen) -> None:
    """The service is gone: the page says so, and keeps what was said."""
    service.kill()
    await worker.sees("You are not being heard")
    # What has not been sent has only the phone's own time.
    await worker.page.clock.set_fixed_time(datetime.now(UTC) + service.ahead)
    await worker.say("home")
    await worker.sees("not sent")
    await worker.picture("unheard")


async def move(service: Service, *, minutes: float) -> None:
    """Let this time pass, in steps that the sweep keeps up with."""
    left = minutes * 60
    while left > 0:
        service.skip(min(STEP, left))
        left -= STEP
        await asyncio.sleep(0.5)


def seconds_until(clock: str) -> float:
    """From now until it is this time next, where the demonstration is."""
    now = datetime.now(ZONE)
    hour, minute = (int(part) for part in clock.split(":"))
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return ((then if then > now else then + timedelta(days=1)) - now).total_seconds()


async def screen(
    browser: Browser, service: Service, folder: Path, *, phone: bool, state: StorageState | None = None
) -> Screen:
    """A browser of its own; with the `state` of another it is signed in as that one is."""
    context = await browser.new_context(
        viewport=PHONE if phone else DESK,
        has_touch=phone,
        is_mobile=phone,
        device_scale_factor=2 if phone else 1.5,
        timezone_id=str(ZONE),
        storage_state=state,
    )
    context.set_default_timeout(15_000)
    return Screen(await context.new_page(), service.url, folder)


async def signed_in(shown: Screen, link: str) -> None:
    """By the link and the button behind it; then to the chat."""
    await shown.page.goto(link)
    await shown.page.get_by_role("button", name="Sign in").click()
    await shown.open("/chat")


@asynccontextmanager
async def chromium_browser() -> AsyncIterator[Browser]:
    """The Chromium that the tests use."""
    run = Run.begin()
    try:
        path = chromium(run)
    finally:
        run.end()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(path))
        yield browser
        await browser.close()


async def main(folder: Path) -> None:
    """Serve, take the tour, keep its pictures."""
    with tempfile.TemporaryDirectory(prefix="doorstep-pictures-") as temporary:
        url = f"sqlite:///{temporary}/doorstep.db"
        async with serving(Path(temporary), url, demo=True, start=False) as service, chromium_browser() as browser:
            service.skip(seconds_until(BEGINS))
            await service.start()
            links = dict(re.findall(r"^  (\w+) .* (http\S+)$", service.printed(), re.MULTILINE))
            worker = await screen(browser, service, folder, phone=True)
            manager = await screen(browser, service, folder, phone=True)
            await signed_in(worker, links["practitioner"])
            await signed_in(manager, links["manager"])
            state = await manager.page.context.storage_state()
            desk = await screen(browser, service, folder, phone=False, state=state)
            await tour(service, worker, manager, desk)


def small(file: Path, kept: Path, *, upper: int | None = UPPER) -> None:
    """A copy in few colours, of its upper part or of all of it: it is kept in the repository."""
    with Image.open(file) as picture:
        height = picture.height if upper is None else min(picture.height, upper)
        few = picture.convert("RGB").crop((0, 0, picture.width, height)).quantize(colors=64)
    few.save(kept, optimize=True)


async def pages(folder: Path, best: Path) -> None:
    """Every page; copies of the best ones stand with the documentation."""
    async with chromium_browser() as browser:
        made = await every_page(browser, folder)
    for each in made:
        if each.stem in BEST:
            kept = best / f"page-{each.name}"
            small(each, kept)
            if kept.stat().st_size > LARGEST:
                raise SystemExit(f"{kept} has {kept.stat().st_size} bytes: more than {LARGEST}")
    print(f"{len(made)} pictures of pages in {folder}")


if __name__ == "__main__":
    chosen = sys.argv[1:]
    pictures = Path(chosen[0]) if chosen and chosen != ["pages"] else PICTURES
    every = PAGES if pictures == PICTURES else pictures / "pages"
    for each in (pictures, every):
        each.mkdir(parents=True, exist_ok=True)
    if chosen != ["pages"]:
        asyncio.run(main(pictures))
    asyncio.run(pages(every, pictures))
