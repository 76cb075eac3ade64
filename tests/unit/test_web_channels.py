"""The page on which people say how they are reached, and on which a second person agrees; the same in a chat."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aiohttp import ClientSession

from bots.dialogue.tokens import Token
from safety_service import web
from safety_service.actions import own_channels
from tests.http import application, browsing, serving, signed_in
from tests.talk import Talk
from tests.unit.reachable import OFFERED, code_for, has, said, states
from tests.world import World

SMS = "json://gateway.example/call?:to={address}"


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web, sms_url=SMS)) as base, browsing(base) as session:
        yield session


async def post(browser: ClientSession, path: str, **fields: str) -> tuple[int, str]:
    async with browser.post(path, data=fields) as answer:
        return answer.status, await answer.text()


async def shown(browser: ClientSession) -> str:
    async with browser.get("/channels") as answer:
        assert answer.status == 200
        return await answer.text()


def the_id(page: str) -> str:
    found = re.search(r"/channels/([0-9a-f-]{36})/(?:prove|agree)", page)
    assert found is not None
    return found[1]


async def test_a_worker_adds_a_number_and_proves_it_on_the_page(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    status, page = await post(browser, "/channels", kind="sms", address="07700 900123")
    assert status == 200 and "Type the code" in page
    assert "07700" not in page and "…123" in page
    status, page = await post(browser, f"/channels/{the_id(page)}/prove", code=await code_for(world, "Ann"))
    assert status == 200 and "Last tried 16 Nov 2026" in page
    assert (await states(world, "Ann"))["sms"] == "active"


async def test_only_what_has_a_provider_is_offered_and_taken(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    page = await shown(browser)
    assert 'value="sms"' in page and 'value="voice"' not in page
    status, page = await post(browser, "/channels", kind="voice", address="07700 900123")
    assert status == 409 and "no provider for a phone call" in page


async def test_who_guesses_codes_is_stopped_before_long(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    _, page = await post(browser, "/channels", kind="sms", address="07700 900123")
    for _ in range(10):
        status, said_why = await post(browser, f"/channels/{the_id(page)}/prove", code="1")
        assert status == 409 and "not the code" in said_why
    status, said_why = await post(browser, f"/channels/{the_id(page)}/prove", code=await code_for(world, "Ann"))
    assert status == 409 and "not the code" not in said_why
    assert (await states(world, "Ann"))["sms"] == "proposed"


async def waits(world: World) -> None:
    made = await world.do("Mia", own_channels.propose, world.ids["Mia"], "sms", "07700 900123", offered=OFFERED)
    await world.do("Mia", own_channels.prove, made.id, await code_for(world, "Mia"))


async def test_a_second_person_agrees_on_the_page_and_nobody_else_sees_it(world: World, browser: ClientSession) -> None:
    await waits(world)
    for who in ("Mia", "Ben"):
        await signed_in(world, browser, who)
        assert "Waits for your yes" not in await shown(browser)
    await signed_in(world, browser, "Dev")
    page = await shown(browser)
    assert "Mia: Text messages" in page
    status, page = await post(browser, f"/channels/{the_id(page)}/agree")
    assert status == 200 and "Waits for your yes" not in page
    assert (await states(world, "Mia"))["sms"] == "active"


async def test_a_second_person_agrees_with_a_button_in_the_chat(world: World) -> None:
    await waits(world)
    talk = Talk(world)
    await talk.presses("Dev", "It was them")
    assert (await states(world, "Mia"))["sms"] == "active"
    assert "now speaks for Mia" in talk.new[-1].text


async def test_nobody_agrees_for_themselves_with_a_button_of_somebody_else(world: World) -> None:
    await waits(world)
    talk = Talk(world)
    asked = (await said(world, "Dev", "channel.waiting"))[0]
    await talk.token("Mia", str(Token("channel_yes", UUID(asked.params["channel_id"]))))
    assert (await states(world, "Mia"))["sms"] == "waiting"


async def test_ending_a_channel_is_one_tap(world: World, browser: ClientSession) -> None:
    way = await has(world, "Ann", "sms", "+447700900123")
    await signed_in(world, browser, "Ann")
    status, _ = await post(browser, f"/channels/{way.id}/end")
    assert status == 200
    assert "sms" not in await states(world, "Ann")


async def test_the_channel_of_another_is_not_there(world: World, browser: ClientSession) -> None:
    way = await has(world, "Mia", "sms", "+447700900123")
    await signed_in(world, browser, "Ann")
    status, _ = await post(browser, f"/channels/{way.id}/prove", code="1")
    assert status == 404
    assert "…123" not in await shown(browser)


async def test_a_stranger_sees_no_channels(browser: ClientSession) -> None:
    async with browser.get("/channels", allow_redirects=False) as answer:
        assert answer.status in (303, 401, 403)
