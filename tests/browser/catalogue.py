"""Every page there is: its name, who looks at it, and how to get there in a prepared town.

Each area keeps its own pages in a module of its own (`pages_<area>.py`): `PAGES`, and `prepare(town)` for what they
need beside what `tests/browser/town.py` has made. The checks of `test_every_page.py`, and `make screenshots`, go
through all of them, each area in a town of its own.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from playwright.async_api import Browser, BrowserContext, ViewportSize

import tests.browser as here
from tests.browser.town import Town
from tests.http import sign_in_code
from tests.world import World

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
PREFIX = "pages_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page. `name`: of its picture; `who`: who looks, None is nobody who is signed in; `path`: with `{names}` of
    what `town.at` holds; `status`: what it answers; `pressed`: buttons and links (by their words) pressed there first;
    `scripted`: without scripts it says that it does not work, and whom to ring.
    """

    name: str
    who: str | None
    path: str
    status: int = 200
    pressed: tuple[str, ...] = ()
    scripted: bool = False


def areas() -> list[str]:
    """The areas that have pages, by name."""
    names = [each.name for each in pkgutil.iter_modules(here.__path__)]
    return sorted(each.removeprefix(PREFIX) for each in names if each.startswith(PREFIX))


def area(name: str) -> ModuleType:
    """The module of an area: `PAGES` and `prepare`."""
    return importlib.import_module(f"{here.__name__}.{PREFIX}{name}")


def pages(name: str) -> tuple[Shown, ...]:
    """The pages of an area."""
    shown: tuple[Shown, ...] = area(name).PAGES
    return shown


class Viewers:
    """A browser for each of those who look; each signs in once."""

    def __init__(self, world: World, browser: Browser, base: str, **settings: Any) -> None:
        self._world, self._browser, self._base = world, browser, base
        self._settings = settings
        self._contexts: dict[str | None, BrowserContext] = {}

    async def of(self, who: str | None) -> BrowserContext:
        """Their browser."""
        if who not in self._contexts:
            context = await self._browser.new_context(**self._settings)
            if who is not None:
                code = await sign_in_code(self._world, who)
                await context.request.post(f"{self._base}/in/{code}", max_redirects=0)
            self._contexts[who] = context
        return self._contexts[who]

    async def close(self) -> None:
        """All of them."""
        for each in self._contexts.values():
            await each.close()


def address(town: Town, shown: Shown) -> str:
    """The path of a page in this town. Raises KeyError: the town has nothing of that name."""
    return shown.path.format(**town.at)
