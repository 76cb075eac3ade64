"""A phone's browser: real Chromium, 360 × 740, signed in as somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import (
    Browser,
    BrowserContext,
    Geolocation,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from tests.http import sign_in_code
from tests.world import World

__all__ = ["Phone", "chromium", "expect"]

SIZE: ViewportSize = {"width": 360, "height": 740}
#: Milliseconds that a page may take on a machine that does much else; a test that passes never waits for them.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)

HERE: Geolocation = {"latitude": 51.5007, "longitude": -0.1246, "accuracy": 12}


@asynccontextmanager
async def chromium(path: Path) -> AsyncIterator[Browser]:
    """The browser itself."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(path))
        yield browser
        await browser.close()


class Phone:
    """One person's phone and the page that is open on it."""

    def __init__(self, context: BrowserContext, page: Page, base: str) -> None:
        self.context = context
        self.page = page
        self.base = base
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    async def of(cls, world: World, browser: Browser, base: str, who: str) -> Phone:
        """Sign in by link and button, as a person does, and open the chat."""
        context = await browser.new_context(
            viewport=SIZE, has_touch=True, is_mobile=True, geolocation=HERE, permissions=["geolocation"]
        )
        context.set_default_timeout(PATIENCE)
        phone = cls(context, await context.new_page(), base)
        await phone.page.goto(f"{base}/in/{await sign_in_code(world, who)}")
        await phone.page.get_by_role("button", name="Sign in").click()
        await phone.open("/chat")
        return phone

    async def open(self, path: str) -> None:
        """Go to a page."""
        await self.page.goto(self.base + path)

    @property
    def unheard(self) -> Locator:
        """The bar that says that nobody hears."""
        return self.page.locator("#unheard")

    @property
    def log(self) -> Locator:
        """What was said."""
        return self.page.locator("#log")

    def mine(self, text: str) -> Locator:
        """Own words with this text."""
        return self.page.locator(".word.mine", has_text=text)

    def theirs(self, text: str) -> Locator:
        """Messages with this text."""
        return self.page.locator(".word.theirs", has_text=text)

    async def say(self, text: str) -> None:
        """Type and send."""
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def press(self, label: str) -> None:
        """Press the newest button with this label."""
        await self.page.get_by_role("button", name=label, exact=True).last.click()

    async def picture(self, path: Path) -> None:
        """What is on the screen."""
        await self.page.screenshot(path=str(path))
