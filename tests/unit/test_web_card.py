"""The responder card: given in advance by the worker, read in an alarm, and nowhere else."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from tests.http import application, browsing, serving, signed_in
from tests.world import World


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def test_the_card_that_a_worker_fills_in_stands_in_their_alarm(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    given = {"car": "red Fiesta", "registration": "AB12 CDE", "medical": " "}
    async with browser.post("/card", data=given) as answer:
        assert answer.status == 200
    async with browser.get("/card") as answer:
        assert "red Fiesta" in await answer.text()
    await world.inside()
    await world.later(35.5)
    assert world.told("Mia", "alarm.")[0].params["responder"] == {"car": "red Fiesta", "registration": "AB12 CDE"}


async def test_nobody_sees_the_card_of_another(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    await (await browser.post("/card", data={"car": "red Fiesta"})).read()
    await signed_in(world, browser, "Mia")
    async with browser.get("/card") as answer:
        assert "Fiesta" not in await answer.text()


async def test_a_stranger_has_no_card(browser: ClientSession) -> None:
    async with browser.get("/card", allow_redirects=False) as answer:
        assert answer.status in (303, 401, 403)


async def test_while_they_are_out_the_card_is_neither_shown_nor_changed(world: World, browser: ClientSession) -> None:
    await signed_in(world, browser, "Ann")
    await (await browser.post("/card", data={"code_phrase": "blue folder"})).read()
    row = await world.inside()
    async with browser.get("/card") as answer:
        page = await answer.text()
        assert "Not now" in page and not [each for each in ("blue folder", "danger", "<textarea") if each in page]
    async with browser.post("/card", data={"car": "red Fiesta"}) as answer:
        assert (answer.status, "Not while you are out" in await answer.text()) == (409, True)
    await world.do("Ann", words.left, row.id, Word())
    async with browser.get("/card") as answer:
        assert "blue folder" not in await answer.text()
    await world.do("Ann", words.home, row.id, Word())
    async with browser.get("/card") as answer:
        page = await answer.text()
        assert "blue folder" in page and "Fiesta" not in page
