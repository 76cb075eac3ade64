"""What somebody looks for may be a child's name: it stands in no address, so in no history, log or Referer."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

import bots.webchat
from safety_service import web
from safety_service.actions import directory, filters, housekeeping
from safety_service.store import people
from safety_service.store.tables.people import saved_filter
from tests.debriefs import given
from tests.http import application, browsing, serving, signed_in
from tests.world import World

#: What a field may be whose value goes into an address: chosen, a day, a number, or what the page itself put there.
CLOSED = {"hidden", "date", "month", "number", "checkbox", "radio", "submit", "button"}
#: What pages put there themselves, none of it typed.
OWN = {"who", "when", "left", "team"}


class Browsers:
    """Several people's, at one service."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def of(self, who: str) -> ClientSession:
        session = await self._stack.enter_async_context(browsing(self._base))
        await signed_in(self.world, session, who)
        return session


@pytest.fixture
async def browsers(world: World) -> AsyncIterator[Browsers]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        yield Browsers(world, base, stack)


async def look(browser: ClientSession, path: str, **fields: str) -> tuple[str, str]:
    """Fill the page's form in; gives where it leads, and what stands there."""
    async with browser.post(path, data=fields) as answer:
        assert answer.status == 200 and answer.history, await answer.text()
        return str(answer.url.relative()), await answer.text()


async def seen(browser: ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        return f"{answer.status} {await answer.text()}"


def links(text: str) -> list[str]:
    return re.findall(r'(?:href|action)="([^"]*)"', text)


async def test_a_word_is_in_no_address_of_the_list_of_a_debrief_or_of_going_on(
    browsers: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safety_service.actions.debrief_log.look.__defaults__", (2,))
    for number in range(3):
        await given(browsers.world, "Ann", ref=f"F-{number}", after=number * 30, answers={"happened": "Kayleigh hid"})
        browsers.world.clock.move(timedelta(seconds=1))
    await given(browsers.world, "Ann", ref="F-9", after=200, answers={"happened": "nothing"})
    mia = await browsers.of("Mia")
    there, text = await look(mia, "/log", q="Kayleigh", severity="", team="")
    assert re.fullmatch(r"/log\?look=[0-9a-f-]{36}", there)
    assert 'value="Kayleigh"' in text and "F-2" in text and "F-1" in text and "F-9" not in text and "F-0" not in text
    further = re.findall(r'href="(/log\?[^"]+)">Further back', text)[0].replace("&amp;", "&")
    rest = await seen(mia, further)
    assert "F-0" in rest and "F-1" not in rest and 'value="Kayleigh"' in rest
    row = re.findall(r'href="(/log/[^"]+)" data-row', text)[0]
    one = await seen(mia, row)
    assert f'href="{there}"' in one and "Next, older" in one
    for page in (text, rest, one):
        assert not [each for each in links(page) if "kayleigh" in each.casefold()]


async def test_what_is_only_chosen_stays_in_the_address_and_a_family_does_not(browsers: Browsers) -> None:
    await given(browsers.world, "Ann", ref="F-7", behaviours=["argued"], severity="medium")
    mia = await browsers.of("Mia")
    there, text = await look(mia, "/log", q=" ", severity="medium")
    assert there == "/log?severity=medium" and "F-7" in text
    there, text = await look(mia, "/log", family="F-7", severity="medium")
    assert "F-7" not in there and "F-7, " in text
    assert (await look(mia, "/log", q=""))[0] == "/log"


async def test_what_was_looked_for_is_for_who_typed_it_and_not_for_long(browsers: Browsers) -> None:
    await given(browsers.world, "Ann", answers={"happened": "Kayleigh hid"})
    mia, dev = await browsers.of("Mia"), await browsers.of("Dev")
    there, _ = await look(mia, "/log", q="Kayleigh")
    for browser, path in ((dev, there), (mia, f"/log?look={browsers.world.ids['Mia']}"), (mia, "/log?q=Kayleigh")):
        text = await seen(browser, path)
        assert text.startswith("200") and "Type it again" in text and "Kayleigh" not in text and "F-1" not in text
        assert "Nothing found" not in text and "aria-current" not in text.partition("Looked for often")[2][:200]
    browsers.world.clock.move(filters.LASTS + timedelta(minutes=1))
    mia = await browsers.of("Mia")
    assert "Type it again" in await seen(mia, there)


async def test_a_review_is_kept_also_where_the_search_it_came_from_is_over(browsers: Browsers) -> None:
    made = await given(browsers.world, "Ann", behaviours=["argued"], severity="medium")
    await given(browsers.world, "Ann", ref="F-2", after=60)
    mia = await browsers.of("Mia")
    path = f"/log/{made}/review?look={made}"
    async with mia.post(path, data={"note": "Talked through", "do": "next"}) as answer:
        assert answer.status == 200 and "Talked through" in await answer.text()


async def test_a_name_is_looked_for_among_people_and_stands_in_no_address(browsers: Browsers) -> None:
    async with browsers.world.database.transaction() as tx:
        for number in range(directory.PAGE + 1):
            await people.add(tx, browsers.world.agency_id, f"Nora {number:02}")
    adam = await browsers.of("Adam")
    there, text = await look(adam, "/people", q="nora")
    assert re.fullmatch(r"/people\?look=[0-9a-f-]{36}", there) and "looking for “nora”" in text and ">Ann<" not in text
    more = re.findall(r'href="(/people\?[^"]+after[^"]+)"', text)[0].replace("&amp;", "&")
    assert "nora" not in more.casefold() and "Nora 50" in await seen(adam, more)
    assert "Type it again" in await seen(adam, f"/people?look={browsers.world.ids['Adam']}")


async def test_it_is_sealed_bounded_and_removed(browsers: Browsers) -> None:
    world = browsers.world
    mia = await browsers.of("Mia")
    for number in range(filters.NEWEST + 2):
        await world.do("Mia", filters.look_for, "log", {"q": f"Kayleigh {number}"})
    await look(mia, "/log", q="Kayleigh")
    await world.do("Mia", filters.keep_filter, "log", "Mine", {"q": "terrier"})
    async with world.database.reading() as tx:
        rows = (await tx.conn.execute(select(saved_filter.c.page))).scalars().all()
    assert sorted(rows) == ["log", *["log:now"] * filters.NEWEST]
    assert "Kayleigh" not in await seen(mia, "/log")
    world.clock.move(timedelta(hours=25))
    async with world.database.transaction() as tx:
        assert (await housekeeping.clear(tx))["searches"] == filters.NEWEST
        assert (await tx.conn.execute(select(saved_filter.c.page))).scalars().all() == ["log"]


class Forms(HTMLParser):
    """The fields of every form of a template that sends them in an address, with those of the macros that it calls."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("method", "get").casefold() != "post"
        if given.get("formmethod", "post").casefold() != "post" or "hx-get" in given:
            self.wrong.append(f"<{tag}> sends by another way")
        if "name" not in given:  # it is sent nowhere
            return
        if self._inside and (tag == "textarea" or "contenteditable" in given):
            self.wrong.append(f"<{tag} name={given.get('name')}>")
        if self._inside and tag == "input":
            kind, name = given.get("type", "text"), given.get("name", "")
            if kind not in CLOSED or (kind == "hidden" and name not in OWN):
                self.wrong.append(f"<input type={kind} name={name}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


TEMPLATES = sorted(each for room in (web, bots.webchat) for each in Path(room.__file__ or "").parent.rglob("*.html"))
MACRO = re.compile(r"{%-? *macro +(\w+)\(.*?%}(.*?){%-? *endmacro", re.DOTALL)
MACROS = {name: body for each in TEMPLATES for name, body in MACRO.findall(each.read_text())}


def spread(text: str, depth: int = 3) -> str:
    """The template with what its macros and its included parts say, so that a field is not hidden in one."""
    if not depth:
        return text
    text = MACRO.sub("", text)
    for each in TEMPLATES:
        part = re.search(rf'{{% *include +"{re.escape(each.name)}".*?%}}', text)
        text = text if part is None else text.replace(part[0], each.read_text())
    called = re.compile(r"{{ *(?:\w+\.)?(\w+)\(.*?}}", re.DOTALL)
    return spread(called.sub(lambda found: MACROS.get(found[1], found[0]), text), depth - 1)


def test_no_form_puts_what_is_typed_into_an_address() -> None:
    wrong = {each.name: Forms(spread(each.read_text())).wrong for each in TEMPLATES}
    assert not {name: fields for name, fields in wrong.items() if fields}
    assert sum("<form" in each.read_text() for each in TEMPLATES) > 40


@pytest.mark.parametrize(
    "text",
    [
        '<form><input name="q"></form>',
        '<form method="get"><input type="search" name="q"></form>',
        '<form method="GET"><textarea name="q"></textarea></form>',
        '<form method="get"><input type="hidden" name="q" value="{{ q }}"></form>',
        '<form method="post"><button formmethod="get">Look</button></form>',
        '{% macro find(name) %}<input name="{{ name }}">{% endmacro %}<form method="get">{{ find("q") }}</form>',
    ],
)
def test_such_a_form_would_be_seen(text: str) -> None:
    macros = dict(MACRO.findall(text))
    MACROS.update(macros)
    try:
        assert Forms(spread(text)).wrong
    finally:
        for each in macros:
            MACROS.pop(each)
