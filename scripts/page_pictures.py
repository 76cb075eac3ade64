"""A picture of every page of the catalogue, on a phone and at a desk, with what a made-up agency has done in two days.

They all go into a folder that is not kept; the best of them, as `BEST` names them, stand in the documentation.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page

from safety_service.store import migrate, sealing
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.hot import InProcessHot
from safety_service.store.sealing import KeyRing
from tests.browser.catalogue import DESK, PHONE, Shown, Viewers, address, area, areas, pages
from tests.browser.service import Service
from tests.browser.town import Town, build_town
from tests.conftest import START
from tests.services.template import TEST_KEY
from tests.world import build

SIZES = {"phone": (PHONE, True), "desk": (DESK, False)}
#: The pictures that stand in the documentation.
BEST = (
    "board-desk",
    "alert-taken-desk",
    "family-met-desk",
    "rota-week-desk",
    "log-desk",
    "today-phone",
    "family-plan-phone",
    "family-briefing-phone",
)
#: Milliseconds that a page's own script may take to draw.
SETTLES = 300


async def every_page(browser: Browser, folder: Path) -> list[Path]:
    """All of them, into a folder that is there; each area in a town of its own. Gives the files."""
    made: list[Path] = []
    for name in areas():
        async with _town(name) as (town, service):
            for size, (viewport, phone) in SIZES.items():
                viewers = Viewers(town.world, browser, service.base, viewport=viewport, has_touch=phone)
                for shown in pages(name):
                    file = folder / f"{shown.name}-{size}.png"
                    page = await (await viewers.of(shown.who)).new_page()
                    await _picture(page, service.base + address(town, shown), shown, file)
                    await page.close()
                    made.append(file)
                await viewers.close()
        print(f"{name}: {len(pages(name))} pages")
    return made


@asynccontextmanager
async def _town(name: str) -> AsyncIterator[tuple[Town, Service]]:
    with tempfile.TemporaryDirectory(prefix="doorstep-pages-") as temporary:
        url = f"sqlite:///{temporary}/doorstep.db"
        sealing.use(KeyRing([TEST_KEY]))
        await migrate.upgrade(url)
        database = await Database.open(url, clock=SetClock(START), hot=InProcessHot())
        town = await build_town(await build(database))
        await area(name).prepare(town)
        service = Service(town.world)
        await service.start()
        yield town, service
        await service.stop()
        await database.close()


async def _picture(page: Page, url: str, shown: Shown, file: Path) -> None:
    answer = await page.goto(url)
    if answer is None or answer.status != shown.status:
        raise SystemExit(f"{shown.name}: {None if answer is None else answer.status}")
    for label in shown.pressed:
        await page.get_by_text(label, exact=True).first.click()
        await page.wait_for_load_state("load")
    await page.wait_for_timeout(SETTLES)
    # A page that fills the screen (the chat) is as high as the screen.
    await page.screenshot(path=file, animations="disabled", caret="hide", full_page=not shown.scripted)
