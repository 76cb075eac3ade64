"""The board and the page of an alert: each sees what is theirs to see, and opening a page does nothing."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import alerts, words
from tests.http import application, browsing, serving, signed_in
from tests.world import World


@pytest.fixture
async def office(world: World) -> AsyncIterator["Office"]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        yield Office(world, base, stack)


class Office:
    """Browsers of several people."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def browser(self, who: str) -> ClientSession:
        session = await self._stack.enter_async_context(browsing(self._base))
        await signed_in(self.world, session, who)
        return session


async def seen(browser: ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        return f"{answer.status} {await answer.text()}"


def read(html: str) -> str:
    """What somebody reads on the board, less what is hidden, what passes with time, and the page's frame."""
    main = html.partition("<main")[2].partition("</main>")[0]
    main = re.sub(
        r'<(p|div)[^>]* hidden>.*?</\1>|<noscript>.*?</noscript>|<p id="state".*?</p>', " ", main, flags=re.DOTALL
    )
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


async def pressed(browser: ClientSession, path: str, **fields: Any) -> tuple[int, str]:
    async with browser.post(path, data=fields) as answer:
        return answer.status, await answer.text()


async def test_a_manager_sees_where_until_when_the_risk_and_the_alert(office: Office) -> None:
    await office.world.inside()
    mia = await office.browser("Mia")
    board = await seen(mia, "/board")
    assert "Ann" in board and "F-1" in board and "Risk" in board and "Open alerts" not in board
    await office.world.later(41)
    board = await seen(mia, "/board")
    assert "Ann missed a check-in" in board and "Nobody has it yet" in board


async def test_a_colleague_sees_who_is_out_and_never_the_state_of_an_alert(office: Office) -> None:
    await office.world.inside()
    ben = await office.browser("Ben")
    before = read(await seen(ben, "/board"))
    assert "Ann" in before and "F-1" not in before and "Risk" not in before and "Elm Row" not in before
    await office.world.later(41)
    during = read(await seen(ben, "/board"))
    assert "lert" not in during and "late" not in during and "Ann" in during
    assert during == before, "whatever is open about a colleague, this page is that of a normal day"


async def test_a_visit_of_another_day_is_not_on_the_board_yet(office: Office) -> None:
    await office.world.plan(ref="F-TOMORROW", after=24 * 60)
    await office.world.plan(ref="F-TODAY", after=60)
    board = await seen(await office.browser("Mia"), "/board")
    assert "F-TODAY" in board and "F-TOMORROW" not in board


async def test_opening_the_page_of_an_alert_does_nothing(office: Office) -> None:
    await office.world.inside()
    await office.world.later(41)
    row = await office.world.alert()
    mia = await office.browser("Mia")
    for path in ("", "/take", "/wake", "/resolve"):
        await seen(mia, f"/alerts/{row.id}{path}")
    assert (await office.world.alert()).alert == row.alert


async def test_the_page_says_what_the_alarm_says_and_offers_what_can_be_done(office: Office) -> None:
    await office.world.inside()
    await office.world.later(41)
    mia = await office.browser("Mia")
    text = await seen(mia, f"/alerts/{(await office.world.alert()).id}")
    assert "1 Elm Row" in text and "Nobody has this yet" in text and "I have it" in text
    assert 'href="tel:07700900000"' in text
    assert "999 words" in text and "I am ringing about Ann" in text


async def test_taken_on_the_page_the_next_is_told_whose_it_is(office: Office) -> None:
    await office.world.inside()
    await office.world.later(41)
    page = f"/alerts/{(await office.world.alert()).id}"
    mia, dev = await office.browser("Mia"), await office.browser("Dev")
    _, text = await pressed(mia, f"{page}/take")
    assert "You have this" in text and "Still trying" in text
    status, text = await pressed(dev, f"{page}/take")
    assert status == 409 and "Mia has it already" in text
    _, text = await pressed(dev, f"{page}/take-over")
    assert "You have this" in text
    _, text = await pressed(dev, f"{page}/trying")
    assert "You have this" in text
    status, _ = await pressed(dev, f"{page}/resolve", found="safe")
    assert status == 400
    _, text = await pressed(dev, f"{page}/resolve", found="safe", known_by="seen")
    assert "Closed at" in text and "by Dev" in text


async def test_an_sos_is_closed_on_the_page_by_two(office: Office) -> None:
    world = office.world
    await world.do("Ann", words.sos, None, words.Word())
    await world.later(1)
    page = f"/alerts/{(await world.alert()).id}"
    mia, dev = await office.browser("Mia"), await office.browser("Dev")
    _, text = await pressed(mia, f"{page}/resolve", found="safe", known_by="heard_voice")
    assert "You said so yourself" in text
    _, text = await pressed(dev, f"{page}/agree", found="harmed")
    assert "A second person has to agree" in text
    _, text = await pressed(dev, f"{page}/agree", found="safe")
    assert "Closed at" in text


async def test_nobody_acts_on_their_own_alert_and_strangers_find_none(office: Office) -> None:
    await office.world.inside()
    await office.world.later(41)
    page = f"/alerts/{(await office.world.alert()).id}"
    ann, ben = await office.browser("Ann"), await office.browser("Ben")
    assert "I have it" not in await seen(ann, page)
    status, text = await pressed(ann, f"{page}/take")
    assert status == 409 and "Not for yourself" in text
    for path in (page, "/alerts/7"):
        assert (await seen(ben, path)).startswith("404")
    assert (await pressed(ben, f"{page}/take"))[0] == 404
    assert (await pressed(ben, f"{page}/explode"))[0] == 404


async def test_the_board_hears_of_a_change_at_once(office: Office) -> None:
    mia = await office.browser("Mia")
    async with mia.get("/board/events") as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        assert await until_event(events, "board")
        await office.world.inside()
        await events.content.readuntil(b"event: board\n")


async def until_event(events: Any, name: str) -> bool:
    async for line in events.content:
        if line == f"event: {name}\n".encode():
            return True
    return False


async def test_a_stopping_server_does_not_wait_for_those_who_listen(world: World) -> None:
    async with serving(application(world, web)) as base, browsing(base) as mia:
        await signed_in(world, mia, "Mia")
        async with mia.get("/board/events") as events:
            assert await until_event(events, "board")
    # Leaving the block stops the server; it would hang here.


async def test_a_resolved_alert_leaves_the_board(office: Office) -> None:
    world = office.world
    await world.inside()
    await world.later(41)
    row = await world.alert()
    mia = await office.browser("Mia")
    assert "Open alerts" in await seen(mia, "/board")
    await world.do("Mia", alerts.resolve, row.id, "safe", "seen")
    assert "Open alerts" not in await seen(mia, "/board")
