"""Every way in by HTTP, found in the application itself: what somebody adds is held to this from its first day."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import ClientSession, web
from sqlalchemy import select

from bots.dialogue.known import the_wording
from config.settings import Settings
from safety_service import web as pages
from safety_service.app import build_web_app
from safety_service.services import Health, Services
from safety_service.store.ids import new_id
from safety_service.store.tables import metadata
from tests.guidance.routes import WORDS
from tests.http import application as every_room
from tests.http import browsing, serving, sign_in_code, signed_in
from tests.world import World

BRACES = re.compile(r"\{(\w+)(?::[^}]*)?\}")
#: For whoever comes by: the door, one-time links, and what says whether all is well.
OPEN = re.compile(
    r"^(/|/hello|/in|/in/\{code\}|/account/(enter|back)|/a/\{token\}|/take/\{code\}|/replies/\{secret\}|/static/.*"
    r"|/health/(live|ready)|/metrics|/api/v1/pair)$"
)
#: Where one-time links are sent back: no cookie of anybody's is looked at there.
LINKS = re.compile(r"^/(a|take)/")
#: Programs: with a token in a header, which no other site's page can send.
PROGRAMS = re.compile(r"^/(api|replies)/")
#: Never ends.
STREAMS = re.compile(r"/events$")
#: Whoever does one of these has lately shown that it is them.
ASKS_AGAIN = re.compile(
    r"/decide$|/agree$|/export$|/plan/(measures/\{id\}|course|review)$|/subject-access/file$|^/rota/|^/standing\b"
    r"|^/people/(\{id\}/(invite|change|roles|deactivate|back)|new|import)$|^/exclusions/\{id\}/end$|^/channels(/\{id\}/prove)?$"
    r"|^/families/\{ref\}/(risk/\{way\}|records/release)$|^/facts/\{id\}/\{verb\}$"
)
#: Where seconds count, or somebody is out: nothing is asked there but what is asked anyway.
NEVER_ASKS = re.compile(
    r"^/(take|chat|in|out|today|debriefs|phrases|card)\b|^/families/\{ref\}/briefing|/(lost|keep-off)$"
    r"|^/channels/\{id\}/(code|end)$|^/families/\{ref\}/(facts/new|records/hold)$"
)


@dataclass(frozen=True, slots=True)
class Way:
    """A method and a path, as it is declared and with something in its braces."""

    method: str
    declared: str
    path: str

    @property
    def asks(self) -> str:
        """For the list of what failed."""
        return f"{self.method} {self.declared}"


def application(world: World) -> web.Application:
    """All of it, as the service serves it."""

    async def healthy() -> Health:
        return Health()

    hot = world.database.hot
    return build_web_app(Services(world.database, hot, Settings(_env_file=None), the_wording(), healthy))


#: Where a verb of another page's would be no page at all.
VERBS = {"/alerts/": "resolve", "/partners/": "end"}
#: Says first that it cannot be read, before it looks who sends it: not signed in it says no more than that.
UNREAD = {401, 404, 415}


def ways(app: web.Application) -> Iterator[Way]:
    for resource in app.router.resources():
        declared = resource.canonical
        for before, verb in VERBS.items():
            declared = declared.replace("{verb}", verb) if declared.startswith(before) else declared
        path = BRACES.sub(_something, declared)
        for route in resource:
            if route.method != "HEAD":
                yield Way(route.method, resource.canonical, path)


def _something(place: re.Match[str]) -> str:
    name = place[1]
    if name in ("id", "team"):
        return str(new_id())
    return "F-1" if name == "ref" else str(WORDS.get(name, ("given",))[0])


@asynccontextmanager
async def served(world: World, who: str | None = None) -> AsyncIterator[tuple[list[Way], ClientSession]]:
    app = application(world)
    async with serving(app) as base, browsing(base) as browser:
        if who is not None:
            await signed_in(world, browser, who)
        yield list(ways(app)), browser


async def kept(world: World) -> dict[str, list[Any]]:
    """Every row of every table."""
    async with world.database.reading() as tx:
        return {each.name: list((await tx.conn.execute(select(each))).all()) for each in metadata.sorted_tables}


async def test_who_is_not_signed_in_gets_nowhere_and_changes_nothing(world: World) -> None:
    await world.inside("Ann")
    await world.later(46)
    before, wrong = await kept(world), []
    async with served(world) as (all_ways, browser):
        for way in all_ways:
            if not OPEN.match(way.declared):
                async with browser.request(way.method, way.path, allow_redirects=False) as answer:
                    if answer.status not in UNREAD:
                        wrong.append(f"{way.asks}: {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert len(all_ways) > 150
    assert await kept(world) == before


async def test_a_cookie_that_was_made_up_or_is_over_opens_nothing(world: World) -> None:
    wrong = []
    async with served(world, "Mia") as (all_ways, browser):
        over = {each.key: each.value for each in browser.cookie_jar}
        async with browser.post("/out") as answer:
            assert answer.status == 200
        for cookie in (over, {"doorstep": "x" * 43}):
            for way in all_ways:
                if way.method == "GET" and not OPEN.match(way.declared):
                    async with browser.get(way.path, cookies=cookie, allow_redirects=False) as answer:
                        if answer.status not in UNREAD:
                            wrong.append(f"{way.asks}: {answer.status}")
    assert not wrong, "\n".join(wrong)


FOREIGN = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})


async def test_another_sites_page_does_nothing_with_our_visitors_cookie(world: World) -> None:
    wrong, before = [], {}
    async with served(world, "Mia") as (all_ways, browser):
        before = await kept(world)
        for way in all_ways:
            if way.method == "GET" or PROGRAMS.match(way.declared) or LINKS.match(way.declared):
                continue
            for headers in FOREIGN:
                async with browser.request(way.method, way.path, headers=headers, allow_redirects=False) as answer:
                    if answer.status != 403 or "another site" not in await answer.text():
                        wrong.append(f"{way.asks} from {headers}: {answer.status}")
    assert not wrong, "\n".join(wrong)
    assert await kept(world) == before


async def test_a_program_is_let_in_by_its_token_and_never_by_a_cookie(world: World) -> None:
    wrong = []
    async with served(world, "Mia") as (all_ways, browser):
        for way in all_ways:
            if way.declared.startswith("/api/") and not OPEN.match(way.declared):
                async with browser.request(way.method, way.path, allow_redirects=False) as answer:
                    if answer.status != 401:
                        wrong.append(f"{way.asks}: {answer.status}")
    assert not wrong, "\n".join(wrong)


class Page(HTMLParser):
    """What in a page would run, or draw, or come from elsewhere, against our own policy."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._script = tag == "script" and given.get("type") != "application/json"
        if tag == "style" or "style" in given or (self._script and not given.get("src")):
            self.wrong.append(f"<{tag}> in the page itself")
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on")]
        for name in ("src", "action", "formaction", "data", "poster"):
            if (given.get(name) or "").lower().startswith(("http:", "https:", "//", "javascript:", "data:")):
                self.wrong.append(f"{tag} {name}={given[name]}")
        if tag == "link" and not (given.get("href") or "").startswith("/"):
            self.wrong.append(f"link {given.get('href')}")

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.wrong.append("a script in the page itself")


SAID = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("who", [None, "Ann", "Mia", "Adam"], ids=str)
async def test_every_page_keeps_to_the_policy_and_is_kept_by_nobody(world: World, who: str | None) -> None:
    await world.inside("Ann")
    await world.later(46)
    wrong: list[str] = []
    async with served(world, who) as (all_ways, browser):
        for way in all_ways:
            if way.method != "GET" or (who is not None and STREAMS.search(way.declared)):
                continue
            async with browser.get(way.path, allow_redirects=False) as answer:
                headers, text = answer.headers, await answer.text()
            policy = headers.get("Content-Security-Policy", "")
            if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy or "unsafe" in policy:
                wrong.append(f"{way.asks}: {policy}")
            wrong += [f"{way.asks}: no {name}" for name, value in SAID.items() if headers.get(name) != value]
            static = way.declared.startswith("/static/")
            if not static and "no-store" not in headers.get("Cache-Control", ""):
                wrong.append(f"{way.asks}: {headers.get('Cache-Control')}")
            if headers["Content-Type"].startswith("text/html"):
                wrong += [f"{way.asks}: {each}" for each in Page(text).wrong]
    assert not wrong, "\n".join(wrong)


def test_the_reader_of_pages_finds_what_it_looks_for() -> None:
    for bad in (
        "<script>1</script>",
        "<p style='x'>",
        "<a onclick='x'>",
        "<style>p{}</style>",
        "<img src='https://evil.example/x'>",
        "<form action='//evil.example'>",
        "<link rel='stylesheet' href='https://evil.example'>",
    ):
        assert Page(bad).wrong, bad
    assert Page("<script src='/static/x.js'></script><p>1 < 2</p><link href='/static/x.css'>").wrong == []


async def test_where_it_counts_a_page_asks_again_and_where_seconds_count_it_never_does(world: World) -> None:
    app = application(world)
    asking: set[str] = set()
    not_asking: set[str] = set()
    for resource in app.router.resources():
        for route in resource:
            if route.method == "POST" and not PROGRAMS.match(resource.canonical):
                asks = getattr(route.handler, "asks_again", False)
                (asking if asks else not_asking).add(resource.canonical)
    assert {each for each in not_asking if ASKS_AGAIN.search(each)} == set()
    assert {each for each in asking if NEVER_ASKS.search(each)} == set()


@pytest.mark.parametrize("https", [False, True])
async def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites(world: World, https: bool) -> None:
    settings: dict[str, Any] = {"public_url": "https://doorstep.example"} if https else {}
    async with serving(every_room(world, pages, **settings)) as base, browsing(base) as browser:
        code = await sign_in_code(world, "Mia")
        async with browser.post(f"/in/{code}", allow_redirects=False) as answer:
            set_to = answer.headers.getall("Set-Cookie")
    assert len(set_to) == 1
    flags = {each.strip().split("=")[0] for each in set_to[0].split(";")[1:]}
    assert {"HttpOnly", "SameSite", "Path", "Max-Age"} <= flags and "Domain" not in flags
    assert ("Secure" in flags) == https and set_to[0].startswith("__Host-") == https


async def test_signed_out_the_browser_is_told_to_forget_what_it_read(world: World) -> None:
    async with served(world, "Mia") as (_, browser), browser.post("/out") as answer:
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert answer.headers["Cache-Control"] == "no-store"
        cookie = answer.cookies["doorstep"]
        assert cookie.value == "" and int(cookie["max-age"]) == 0
