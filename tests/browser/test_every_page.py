"""Every page of the catalogue: read aloud, by night, on a narrow phone, at a desk and without scripts it holds."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from tests.browser import checks
from tests.browser.catalogue import DESK, PHONE, Shown, Viewers, address, area, areas, pages
from tests.browser.service import Service
from tests.browser.town import Town, build_town
from tests.world import World

each_area = pytest.mark.parametrize("name", areas())


async def prepared(world: World, name: str) -> Town:
    town = await build_town(world)
    await area(name).prepare(town)
    return town


class Look:
    """One look at a page; what is wrong is said with its name."""

    def __init__(self, town: Town, service: Service, shown: Shown) -> None:
        self.shown = shown
        self.url = service.base + address(town, shown)
        self._base = service.base
        self.faults: list[str] = []

    async def open(self, page: Page) -> None:
        """Go there; complaints and size are looked at on the way."""
        refuses = self.shown.status >= 400 or bool(self.shown.pressed)
        watched = checks.Watched(page, self._base, refuses=refuses)
        self.faults = watched.faults
        status, size = await checks.loaded_bytes(page, self.url)
        if status != self.shown.status:
            self.faults.append(f"answers {status}")
        if size > checks.FIRST_LOAD:
            self.faults.append(f"{size} bytes at first")
        for label in self.shown.pressed:
            await page.get_by_text(label, exact=True).first.click()
            await page.wait_for_load_state("load")
        if (
            not self.shown.name.endswith(("inside", "while-out"))
            and await page.get_by_text("waits until you are out").count()
        ):
            self.faults.append("is not seen: its reader is inside")

    def said(self) -> list[str]:
        """The faults, each with the page's name."""
        return [f"{self.shown.name}: {each}" for each in self.faults]


@each_area
async def test_on_a_phone_every_page_holds(world: World, browser: Browser, service: Service, name: str) -> None:
    town = await prepared(world, name)
    viewers = Viewers(world, browser, service.base, viewport=PHONE, has_touch=True, is_mobile=True)
    faults: list[str] = []
    for shown in pages(name):
        page = await (await viewers.of(shown.who)).new_page()
        look = Look(town, service, shown)
        await look.open(page)
        for check in (checks.axe, checks.too_wide, checks.too_low, checks.headings):
            look.faults += await check(page)
        faults += look.said()
        await page.close()
    await viewers.close()
    assert not faults, "\n".join(faults)


@each_area
async def test_at_a_desk_every_page_holds(world: World, browser: Browser, service: Service, name: str) -> None:
    town = await prepared(world, name)
    viewers = Viewers(world, browser, service.base, viewport=DESK)
    faults: list[str] = []
    for shown in pages(name):
        page = await (await viewers.of(shown.who)).new_page()
        look = Look(town, service, shown)
        await look.open(page)
        look.faults += [*await checks.axe(page), *await checks.too_wide(page)]
        await page.emulate_media(color_scheme="dark")
        look.faults += [f"by night: {each}" for each in await checks.axe(page, "color-contrast")]
        look.faults += [f"on paper: {each}" for each in await checks.on_paper(page)]
        faults += look.said()
        await page.close()
    await viewers.close()
    assert not faults, "\n".join(faults)


@each_area
async def test_without_scripts_every_page_says_and_does_the_same(
    world: World, browser: Browser, service: Service, name: str
) -> None:
    town = await prepared(world, name)
    viewers = Viewers(world, browser, service.base, viewport=PHONE, java_script_enabled=False)
    faults: list[str] = []
    for shown in pages(name):
        page = await (await viewers.of(shown.who)).new_page()
        answer = await page.goto(service.base + address(town, shown))
        said = [] if answer is not None and answer.status == shown.status else ["is not there"]
        said += [*await checks.headings(page), *await checks.too_wide(page)]
        said += await checks.owns_up(page) if shown.scripted else await checks.lame(page)
        faults += [f"{shown.name}: {each}" for each in said]
        await page.close()
    await viewers.close()
    assert not faults, "\n".join(faults)
