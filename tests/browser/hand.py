"""A hand on a page: it presses, and counts how often; `docs/clicks.md` says how often is enough."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from playwright.async_api import Locator, Page

CLICKS = Path(__file__).parents[2] / "docs" / "clicks.md"
_ROW = re.compile(r"^\| (?P<job>[^|]+) \|.*\| (?P<count>\d+) \|$", re.MULTILINE)


@cache
def documented() -> dict[str, int]:
    """How often something is pressed for each job, as `docs/clicks.md` says."""
    return {each["job"].strip(): int(each["count"]) for each in _ROW.finditer(CLICKS.read_text(encoding="utf-8"))}


class Hand:
    """Presses what is named as a person would name it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    async def button(self, name: str) -> None:
        """A button with this name."""
        await self.press(self.page.get_by_role("button", name=name, exact=True).first)

    async def link(self, name: str) -> None:
        """A link with this name."""
        await self.press(self.page.get_by_role("link", name=name, exact=True).first)

    async def summary(self, name: str) -> None:
        """What opens a part of the page."""
        await self.press(self.page.locator("summary", has_text=name).first)

    async def radio(self, group: str, name: str) -> None:
        """One of several, by what stands beside it."""
        await self.press(self.page.get_by_role("group", name=group).get_by_text(name, exact=True))

    async def choose(self, label: str, option: str) -> None:
        """An option of a list, which opens it: one press."""
        self.pressed += 1
        await self.page.get_by_label(label, exact=True).select_option(option)

    async def press(self, found: Locator) -> None:
        """This very thing."""
        self.pressed += 1
        await found.click()

    def did(self, job: str) -> None:
        """The job is done: as often as `docs/clicks.md` says, and no oftener. The count begins anew."""
        assert self.pressed == documented()[job], f"{job}: pressed {self.pressed} times"
        self.pressed = 0
