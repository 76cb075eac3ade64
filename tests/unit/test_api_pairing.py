"""Pairing a phone or a program, and dropping one that was lost."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bots.dialogue.known_refusals import REFUSALS
from safety_service import api, guesses
from safety_service.actions import linking
from safety_service.api.refused import OF_HTTP, STATUS
from tests.http import Program, application, paired, serving
from tests.world import World


@pytest.fixture
async def session(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        yield session


async def test_a_code_pairs_once(world: World, session: ClientSession) -> None:
    async with world.database.transaction() as tx:
        code = (await linking.invite(tx, None, world.ids["Ann"])).code
    program = Program(session)
    status, answer = await program.post("/pair", {"code": code})
    assert status == 201 and answer["token"] and answer["person"]["name"] == "Ann"
    status, problem = await program.post("/pair", {"code": code})
    assert (status, problem["type"]) == (403, "urn:doorstep:problem:code_used")


async def test_who_am_i_and_what_may_i(world: World, session: ClientSession) -> None:
    ann = await paired(world, session, "Ann")
    status, me = await ann.get("/me")
    assert status == 200 and me["name"] == "Ann" and me["office_phone"] == "01632 960000"
    assert me["roles"] == [{"team_id": str(world.team_id), "roles": ["practitioner"]}]
    assert [(each["label"], each["this"]) for each in me["devices"]] == [("test", True)]


async def test_a_lost_phone_speaks_for_nobody_any_more(world: World, session: ClientSession) -> None:
    lost, kept = await paired(world, session, "Ann"), await paired(world, session, "Ann")
    _, me = await lost.get("/me")
    device = next(each["id"] for each in me["devices"] if each["this"])
    assert (await kept.delete(f"/me/devices/{device}"))[0] == 200
    assert (await lost.get("/me"))[0] == 401
    assert (await kept.get("/me"))[0] == 200


async def test_nobody_drops_another_persons_phone(world: World, session: ClientSession) -> None:
    ann, ben = await paired(world, session, "Ann"), await paired(world, session, "Ben")
    _, me = await ann.get("/me")
    assert (await ben.delete(f"/me/devices/{me['devices'][0]['id']}"))[0] == 404
    assert (await ann.get("/me"))[0] == 200


@pytest.mark.parametrize("token", ["", "made-up"])
async def test_without_a_token_of_ours_nothing_is_told(world: World, session: ClientSession, token: str) -> None:
    async with session.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.content_type == "application/problem+json"


async def test_wrong_codes_are_throttled_and_who_is_paired_goes_on(world: World, session: ClientSession) -> None:
    ann = await paired(world, session, "Ann")
    stranger = Program(session)
    for _ in range(guesses.WRONG):
        assert (await stranger.post("/pair", {"code": "guess"}))[0] == 403
    assert (await stranger.post("/pair", {"code": "guess"}))[0] == 429
    assert (await ann.post("/sos"))[0] == 200


def test_every_refusal_with_a_status_of_its_own_has_its_sentence() -> None:
    assert set(STATUS) <= set(REFUSALS) | set(OF_HTTP)
