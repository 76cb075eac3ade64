"""What has to be so on every page, as one looks at it in Chromium. Each check gives its faults, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Page, Request, ViewportSize

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
#: What is pressed is at least so high, in pixels.
TALL = 44
#: A4 within its margins.
SHEET: ViewportSize = {"width": 718, "height": 1047}
#: Bytes, as they come over the line, for somebody who was never here.
FIRST_LOAD = 200_000

#: Everything that can be pressed and stands by itself: links inside of a sentence are as high as their line.
PRESSED = """
() => [...document.querySelectorAll(
    ':is(main, header) :is(button, summary, select, textarea, .govuk-button, input:not([type=hidden])), header a',
  )]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }))
  .map((each) => {
    const own = each.getBoundingClientRect();
    const label = ['radio', 'checkbox'].includes(each.type) ? each.labels[0]?.getBoundingClientRect() : null;
    return [Math.max(own.height, label ? label.height : 0), each.outerHTML.slice(0, 90)];
  })
"""
HEADINGS = """
() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter((each) => each.checkVisibility())
  .map((each) => [Number(each.tagName[1]), each.textContent.trim().slice(0, 40)])
"""
#: A button that belongs to no form does nothing without a script; a form that is sent nowhere neither.
LAME = """
() => [...document.querySelectorAll('main button')].filter((each) => each.checkVisibility() && !each.form)
  .map((each) => each.outerHTML.slice(0, 90))
"""


class Watched:
    """What a page does behind the scenes from now on: what it complains of, and what it asks for.

    `refuses`: it is, or becomes, an answer that Chromium itself complains of.
    """

    def __init__(self, page: Page, base: str, *, refuses: bool = False) -> None:
        self._base, self._refuses = base, refuses
        self.faults: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", self._asked)

    def _said(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and not (self._refuses and "Failed to load" in said.text):
            self.faults.append(f"console: {said.text[:200]}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._base, "data:", "blob:")):
            self.faults.append(f"asks somebody else: {request.url[:100]}")


async def loaded_bytes(page: Page, url: str) -> tuple[int | None, int]:
    """Go there, with nothing kept from before; the answer's status, and how many bytes came over the line."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    answer = await page.goto(url, wait_until="load")
    await session.send("Network.setCacheDisabled", {"cacheDisabled": False})
    return None if answer is None else answer.status, sum(sizes)


async def too_wide(page: Page) -> list[str]:
    """Nothing is to be wider than the screen."""
    # A phone zooms out of a page that is too wide: its inner width is no measure then, the screen's is.
    wide, screen = await page.evaluate("[document.documentElement.scrollWidth, Math.min(innerWidth, screen.width)]")
    return [f"{wide} px wide on {screen}"] if wide > screen else []


async def too_low(page: Page) -> list[str]:
    """What is pressed can be hit with a thumb."""
    return [f"{height:.0f} px high: {each}" for height, each in await page.evaluate(PRESSED) if height < TALL - 0.5]


async def headings(page: Page) -> list[str]:
    """One first heading, and none that skips a level."""
    found: list[tuple[int, str]] = await page.evaluate(HEADINGS)
    levels = [level for level, _ in found]
    faults = [] if levels.count(1) == 1 else [f"{levels.count(1)} first headings"]
    for (before, _), (level, text) in zip([(0, ""), *found], found, strict=False):
        if level > before + 1:
            faults.append(f"heading {level} after {before}: {text}")
    return faults


async def axe(page: Page, *rules: str) -> list[str]:
    """What axe-core finds (of these rules, or of all)."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    only: dict[str, Any] = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = await page.evaluate("(only) => axe.run(document, { resultTypes: ['violations'], ...only })", only)
    return [
        f"axe {each['id']}: {'; '.join(node['html'][:110] for node in each['nodes'][:3])}"
        for each in found["violations"]
    ]


async def on_paper(page: Page) -> list[str]:
    """Printed by night: dark on white, without the bar at the top, no wider than the sheet."""
    await page.emulate_media(media="print", color_scheme="dark")
    await page.set_viewport_size(SHEET)
    faults = [*await too_wide(page), *await axe(page, "color-contrast")]
    if await page.locator("header.ds-top").is_visible():
        faults.append("the bar at the top is printed")
    return faults


async def lame(page: Page) -> list[str]:
    """Where no script runs, every button sends a form."""
    return [f"does nothing without a script: {each}" for each in await page.evaluate(LAME)]


async def owns_up(page: Page) -> list[str]:
    """A page that can do nothing without a script says so."""
    said = page.locator("noscript p", has_text="needs JavaScript")
    return [] if await said.is_visible() else ["does not say that it needs a script"]
