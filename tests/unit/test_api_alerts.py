"""Alerts by API: the first yes wins, nobody acts for themselves, an SOS is never refused."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from safety_service import api
from tests.http import Program, application, paired, serving
from tests.world import World


@pytest.fixture
async def session(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        yield session


@pytest.fixture
async def ann(world: World, session: ClientSession) -> Program:
    return await paired(world, session, "Ann")


@pytest.fixture
async def mia(world: World, session: ClientSession) -> Program:
    return await paired(world, session, "Mia")


@pytest.fixture
async def dev(world: World, session: ClientSession) -> Program:
    return await paired(world, session, "Dev")


async def silent(world: World, mia: Program) -> dict[str, Any]:
    """Ann went in and fell silent; the alert as her manager sees it."""
    await world.inside()
    await world.later(41)
    _, page = await mia.get("/alerts", state="open")
    alert: dict[str, Any] = page["items"][0]
    return alert


async def test_the_manager_sees_who_was_told_and_reached(world: World, mia: Program) -> None:
    alert = await silent(world, mia)
    assert (alert["kind"], alert["state"], alert["worker"]["name"]) == ("missed_check_in", "open", "Ann")
    _, alert = await mia.get(f"/alerts/{alert['id']}")
    first = alert["told"][0]
    assert first["person"]["name"] == "Mia" and first["channel"] == "telegram" and first["reached"]


async def test_the_first_yes_wins_and_the_second_is_told_whose_it_is(world: World, mia: Program, dev: Program) -> None:
    alert = await silent(world, mia)
    status, taken = await mia.post(f"/alerts/{alert['id']}/ack")
    assert status == 200 and taken["state"] == "taken" and taken["owner"]["name"] == "Mia"
    status, problem = await dev.post(f"/alerts/{alert['id']}/ack")
    assert (status, problem["type"]) == (409, "urn:doorstep:problem:taken_already")
    assert problem["owner"]["name"] == "Mia" and "Mia" in problem["detail"]
    status, taken = await dev.post(f"/alerts/{alert['id']}/ack", {"take_over": True})
    assert status == 200 and taken["owner"]["name"] == "Dev"


async def test_another_person_resolves_with_what_was_found_and_how_it_is_known(world: World, mia: Program) -> None:
    alert = await silent(world, mia)
    await mia.post(f"/alerts/{alert['id']}/ack")
    status, problem = await mia.post(f"/alerts/{alert['id']}/resolve", {"found": "safe"})
    assert status == 422 and [each["pointer"] for each in problem["errors"]] == ["/known_by"]
    body = {"found": "safe", "known_by": "other"}
    status, problem = await mia.post(f"/alerts/{alert['id']}/resolve", body)
    assert status == 422 and problem["errors"][0]["pointer"] == "/note"
    status, done = await mia.post(f"/alerts/{alert['id']}/resolve", {"found": "safe", "known_by": "heard_voice"})
    assert (status, done["state"], done["found"], done["known_by"]) == (200, "resolved", "safe", "heard_voice")
    status, problem = await mia.post(f"/alerts/{alert['id']}/note", {"note": "late"})
    assert (status, problem["type"]) == (409, "urn:doorstep:problem:resolved_already")


async def test_nobody_acts_on_their_own_alert(world: World, ann: Program, mia: Program) -> None:
    alert = await silent(world, mia)
    for verb, body in (("ack", {}), ("resolve", {"found": "safe", "known_by": "seen"}), ("escalate", {})):
        status, problem = await ann.post(f"/alerts/{alert['id']}/{verb}", body)
        assert (status, problem["type"]) == (403, "urn:doorstep:problem:never_your_own")


async def test_who_was_not_told_finds_no_alert(world: World, session: ClientSession, mia: Program) -> None:
    alert = await silent(world, mia)
    ben = await paired(world, session, "Ben")
    assert (await ben.get(f"/alerts/{alert['id']}"))[0] == 404
    assert (await ben.post(f"/alerts/{alert['id']}/ack"))[0] == 404
    assert (await ben.get("/alerts"))[1]["items"] == []


async def test_escalating_twice_with_the_same_step_climbs_once(world: World, mia: Program) -> None:
    alert = await silent(world, mia)
    _, once = await mia.post(f"/alerts/{alert['id']}/escalate", {"step": alert["step"]})
    _, twice = await mia.post(f"/alerts/{alert['id']}/escalate", {"step": alert["step"]})
    assert once["step"] == twice["step"] == alert["step"] + 1


async def test_passed_on_it_stays_with_the_giver_until_taken(world: World, mia: Program, dev: Program) -> None:
    alert = await silent(world, mia)
    await mia.post(f"/alerts/{alert['id']}/ack")
    status, problem = await mia.post(f"/alerts/{alert['id']}/pass-on", {"to": str(uuid4())})
    assert status == 422 and problem["errors"][0]["pointer"] == "/to"
    _, offered = await mia.post(f"/alerts/{alert['id']}/pass-on", {"to": str(world.ids["Dev"])})
    assert offered["owner"]["name"] == "Mia"
    _, taken = await dev.post(f"/alerts/{alert['id']}/ack")
    assert taken["owner"]["name"] == "Dev"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"position": {"latitude": 1000}}',
        b'{"at": "soon", "note": 5, "visit_id": "mine"}',
        b'{"visit_id": "01a1fff5-7bd2-7582-a000-000000000000"}',
    ],
)
async def test_an_sos_counts_whatever_else_is_wrong(world: World, ann: Program, raw: bytes) -> None:
    status, said = await ann.post("/sos", raw=raw)
    assert status == 200 and bool(said["dropped"]) == (raw != b"")
    assert (await world.alert()).alert.kind == "sos"
    assert "999" in said["message"]


async def test_an_sos_counts_under_a_key_that_was_used_before(world: World, ann: Program) -> None:
    assert (await ann.post("/sos", {"note": "one"}, key="k"))[0] == 200
    assert (await ann.post("/sos", {"note": "two"}, key="k"))[0] == 200


async def test_an_sos_is_not_counted_away(world: World, ann: Program) -> None:
    statuses = [(await ann.post("/sos"))[0] for _ in range(30)]
    assert statuses == [200] * 30


async def test_an_sos_inside_belongs_to_the_visit(world: World, ann: Program) -> None:
    row = await world.inside()
    _, said = await ann.post("/sos", {"position": {"latitude": 51.5, "longitude": -0.1, "accuracy_m": 12}})
    alert = (await world.alert()).alert
    assert alert.visit_id == row.id and said["visit_id"] == str(row.id) and said["dropped"] == []


async def test_a_second_person_agrees_before_an_sos_is_closed(
    world: World, ann: Program, mia: Program, dev: Program
) -> None:
    await ann.post("/sos")
    await world.later(1)
    alert = f"/alerts/{(await world.alert()).id}"
    finding = {"found": "safe", "known_by": "heard_voice"}
    _, waits = await mia.post(f"{alert}/resolve", finding)
    assert waits["state"] == "taken"
    _, still = await mia.post(f"{alert}/resolve", finding)
    assert still["state"] == "taken"
    _, done = await dev.post(f"{alert}/resolve", finding)
    assert done["state"] == "resolved"
