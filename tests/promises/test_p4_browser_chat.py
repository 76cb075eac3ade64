"""P4 in the browser's chat: stored for a page is not reached. Reached is what the open page says that it shows."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession

from bots import webchat
from bots.dialogue.router import handle
from safety_service import web
from safety_service.store import channels
from tests.http import application, browsing, serving, signed_in
from tests.world import MINUTE, World

Pages = dict[str, ClientSession]


@pytest.fixture
async def pages(world: World) -> AsyncIterator[Pages]:
    """Mia and Dev have nothing but the chat page. Ann is inside and has fallen silent."""
    chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, handle))
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web, chat)))
        pages = {who: await stack.enter_async_context(browsing(base)) for who in ("Mia", "Dev")}
        for who, session in pages.items():
            async with world.database.transaction() as tx:
                await channels.end_all(tx, world.ids[who])
            await signed_in(world, session, who)
            await view(session, "/chat")
        await world.inside()
        await world.jump(35)
        yield pages


async def view(session: ClientSession, path: str = "/chat/messages") -> Any:
    async with session.get(path) as answer:
        assert answer.status == 200
        return await (answer.json() if path != "/chat" else answer.text())


async def alarms(session: ClientSession) -> list[str]:
    """The ids of the alarms that this page has been sent."""
    return [each["id"] for each in (await view(session))["messages"] if each["text"].startswith("ALARM")]


async def later(world: World, seconds: float) -> None:
    world.clock.move(MINUTE * seconds / 60)
    await world.sweep()


async def test_an_alarm_that_no_page_shows_goes_to_the_next_rung_after_thirty_seconds(
    world: World, pages: Pages
) -> None:
    await world.sweep()
    (sent,) = await alarms(pages["Mia"])
    await later(world, 29.9)
    assert await alarms(pages["Dev"]) == []
    await later(world, 0.1)
    assert len(await alarms(pages["Dev"])) == 1, "fetched is not shown: nobody confirmed it"
    assert await alarms(pages["Mia"]) == [sent], "it stays where she will see it"


async def test_an_alarm_that_the_page_confirmed_has_its_rungs_whole_time(world: World, pages: Pages) -> None:
    await world.sweep()
    async with pages["Mia"].post("/chat/seen", json={"ids": await alarms(pages["Mia"])}) as answer:
        assert answer.status == 200
    await later(world, 299)
    assert await alarms(pages["Dev"]) == []
    await later(world, 1)
    assert len(await alarms(pages["Dev"])) == 1


async def test_whoever_opens_the_alerts_own_page_is_reached_as_by_the_chat(world: World, pages: Pages) -> None:
    await world.sweep()
    page = f"/alerts/{(await world.alert()).id}"
    text = await read(pages["Mia"], page)
    assert "not shown yet" not in text and "reached" in text
    await later(world, 299)
    assert await alarms(pages["Dev"]) == []
    await later(world, 1)
    assert len(await alarms(pages["Dev"])) == 1
    assert "not shown yet" in await read(pages["Mia"], page), "that she read it says nothing of Dev"


async def test_the_board_alone_reaches_nobody(world: World, pages: Pages) -> None:
    await world.sweep()
    await read(pages["Mia"], "/board")
    await later(world, 30)
    assert len(await alarms(pages["Dev"])) == 1


async def read(session: ClientSession, path: str) -> str:
    async with session.get(path) as answer:
        assert answer.status == 200
        return await answer.text()
