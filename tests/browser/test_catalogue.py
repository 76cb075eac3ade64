"""The catalogue is whole: every page that the service has is in it, each under a name of its own."""

from __future__ import annotations

import re
from collections import Counter

from aiohttp import web as aiohttp_web
from aiohttp.hdrs import METH_GET

from safety_service import web
from tests.browser.catalogue import areas, pages
from tests.http import application
from tests.world import World

#: No pages: streams, pieces that a page asks for, plain text, files, and what only leads on to another page. The check
#: of a plan is reached by pressing: `visit-check`.
NO_PAGES = re.compile(
    r"/events$|/now$|^/static/|^/health/|^/metrics$|^/files/|\.\w+$|^/account/(enter|again|link|back)$|^/visits/.*/check$"
)


def shown() -> list[str]:
    return [each.path.partition("?")[0] for name in areas() for each in pages(name)]


def patterns(app: aiohttp_web.Application) -> list[str]:
    found = {each.canonical for each in app.router.resources() if any(one.method == METH_GET for one in each)}
    return sorted(each for each in found if not NO_PAGES.search(each))


def test_each_page_has_a_name_of_its_own() -> None:
    names = Counter(each.name for name in areas() for each in pages(name))
    assert [name for name, often in names.items() if often > 1] == []


async def test_every_page_of_the_service_is_looked_at(world: World) -> None:
    app = application(world, web)
    paths = [re.sub(r"\{[^}]*\}", "x", each) for each in shown()]
    missing = [each for each in patterns(app) if not any(_fits(each, path) for path in paths)]
    assert missing == []


def _fits(pattern: str, path: str) -> bool:
    parts = re.split(r"\{\w+(?::[^}]*)?\}", pattern)
    return re.fullmatch(r"[^/]+".join(map(re.escape, parts)), path) is not None
