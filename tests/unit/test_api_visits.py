"""A program plans a visit, keeps it company to its end, and is told plainly what it did wrong."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
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


def plan(world: World, **more: Any) -> dict[str, Any]:
    body = {
        "family_ref": "F-7",
        "address": {"text": "2 Elm Row", "latitude": 51.5, "longitude": -0.12},
        "purpose": "review",
        "starts_at": world.now.isoformat(),
        "ends_at": (world.now + timedelta(minutes=45)).isoformat(),
        "check_in_every_s": 900,
        "plan": {"transport": "car"},
        "travel_s": 1200,
    }
    return {**body, **more}


async def planned(world: World, who: Program, **more: Any) -> str:
    status, visit = await who.post("/visits", plan(world, **more))
    assert status == 201, visit
    return str(visit["id"])


async def test_a_visit_goes_from_plan_to_home_by_api(world: World, ann: Program) -> None:
    status, visit = await ann.post("/visits", plan(world))
    assert status == 201
    assert visit["family_ref"] == "F-7" and visit["check_in_every_s"] == 900
    assert visit["address"] == {"text": "2 Elm Row", "latitude": 51.5, "longitude": -0.12}
    assert [(each["name"], each["phase"]) for each in visit["workers"]] == [("Ann", "begin")]
    at = f"/visits/{visit['id']}"

    status, begun = await ann.post(f"{at}/begin")
    assert status == 200
    assert begun["due_at"] == (world.now + timedelta(seconds=900)).isoformat() and begun["late"] is False
    # As the chat says it, on a screen that somebody else may see: 09:15, and not whose home it is.
    assert begun["message"].startswith("OK. 09:15.") and "F-7" not in begun["message"]

    world.clock.move(timedelta(minutes=10))
    _, said = await ann.post(f"{at}/check-ins", {"position": {"latitude": 51.5, "longitude": -0.12}})
    assert said["due_at"] == (world.now + timedelta(seconds=900)).isoformat()

    _, longer = await ann.post(f"{at}/extend", {"by_s": 900})
    assert longer["due_at"] is not None
    _, out = await ann.post(f"{at}/left", {"outcome": "met"})
    assert out["due_at"] == (world.now + timedelta(seconds=1200)).isoformat()
    _, home = await ann.post(f"{at}/home")
    assert home["due_at"] is None

    _, visit = await ann.get(at)
    assert visit["status"] == "closed" and visit["outcome"] == "met"


async def test_a_word_counts_from_when_it_was_said_and_never_from_the_future(world: World, ann: Program) -> None:
    at = f"/visits/{await planned(world, ann)}"
    await ann.post(f"{at}/begin")
    world.clock.move(timedelta(minutes=10))
    earlier = world.now - timedelta(minutes=4)
    _, said = await ann.post(f"{at}/check-ins", {"at": earlier.isoformat()})
    assert said["said_at"] == earlier.isoformat()
    assert said["due_at"] == (earlier + timedelta(seconds=900)).isoformat()
    _, said = await ann.post(f"{at}/check-ins", {"at": (world.now + timedelta(hours=1)).isoformat()})
    assert said["said_at"] == world.now.isoformat()


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        ({"position": {"latitude": 91, "longitude": 0}}, "/position/latitude"),
        ({"position": "here"}, "/position"),
        ({"position": {"latitude": False, "longitude": 0}}, "/position/latitude"),
        ({"at": "yesterday"}, "/at"),
        ({"at": "2026-05-04T09:00:00"}, "/at"),
        ({"note": 7}, "/note"),
        ({"unheard": "of"}, "/unheard"),
        ({"note": "x" * 5000}, "/note"),
    ],
)
async def test_a_bad_optional_member_never_rejects_a_word(
    world: World, ann: Program, bad: dict[str, Any], pointer: str
) -> None:
    at = f"/visits/{await planned(world, ann)}"
    await ann.post(f"{at}/begin")
    status, said = await ann.post(f"{at}/check-ins", bad)
    assert status == 200 and said["due_at"] == (world.now + timedelta(seconds=900)).isoformat()
    assert pointer in [each["pointer"] for each in said["dropped"]]


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b'"\xff"', b'{"note": "\\ud83d"}', b"[" * 2000])
async def test_a_word_counts_whatever_its_body_is(world: World, ann: Program, raw: bytes) -> None:
    at = f"/visits/{await planned(world, ann)}"
    await ann.post(f"{at}/begin")
    status, _ = await ann.post(f"{at}/check-ins", raw=raw)
    assert status == 200


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"family_ref": ""}, "/family_ref"),
        ({"family_ref": None}, "/family_ref"),
        ({"starts_at": "soon"}, "/starts_at"),
        ({"starts_at": "2026-05-04T09:00:00"}, "/starts_at"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, "/ends_at"),
        ({"plan": {"transport": {"a": 1}}}, "/plan"),
        ({"address": {"text": "x", "latitude": "51", "longitude": 0}}, "/address/latitude"),
        ({"address": {"latitude": 51.0}}, "/address"),
        ({"check_in_every_s": 900.5}, "/check_in_every_s"),
        ({"check_in_every_s": True}, "/check_in_every_s"),
        ({"workers": ["Ann"]}, "/workers/0"),
        ({"colour": "red"}, "/colour"),
        ({"workers": [str(uuid4())]}, "/workers"),
        ({"plan": {"hostility": "threat"}}, "/plan/strategies"),
    ],
)
async def test_a_bad_plan_names_every_place(world: World, ann: Program, more: dict[str, Any], pointer: str) -> None:
    status, problem = await ann.post("/visits", plan(world, **more))
    assert status == 422, problem
    assert problem["status"] == 422 and problem["title"]
    assert pointer in [each["pointer"] for each in problem["errors"]]


async def test_what_is_no_json_is_refused_and_said(world: World, ann: Program) -> None:
    status, problem = await ann.post("/visits", raw=b"{")
    assert (status, problem["type"]) == (400, "urn:doorstep:problem:not_json")


async def test_the_same_request_under_the_same_key_is_done_once(world: World, ann: Program) -> None:
    body = plan(world)
    first = await ann.post("/visits", body, key="k1")
    assert await ann.post("/visits", body, key="k1") == first
    _, listed = await ann.get("/visits")
    assert len(listed["items"]) == 1


async def test_another_request_under_the_same_key_is_refused(world: World, ann: Program) -> None:
    await ann.post("/visits", plan(world), key="k1")
    status, problem = await ann.post("/visits", plan(world, family_ref="F-8"), key="k1")
    assert (status, problem["type"]) == (422, "urn:doorstep:problem:key_reused")


async def test_a_refused_request_may_be_tried_again_under_its_key(world: World, ann: Program) -> None:
    at = f"/visits/{await planned(world, ann)}"
    assert (await ann.post(f"{at}/home", key="k2"))[0] == 409
    await ann.post(f"{at}/begin")
    assert (await ann.post(f"{at}/home", key="k2"))[0] == 200


async def test_a_list_comes_in_pages_and_no_visit_twice(world: World, ann: Program) -> None:
    made = [await planned(world, ann, family_ref=f"F-{number}") for number in range(5)]
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        _, page = await ann.get("/visits", **query)
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert sorted(seen) == sorted(made) and len(seen) == 5


#: A moment that no clock of UTC has.
BEYOND = "9999-12-31T23:59:59-10:00"


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": urlsafe_b64encode(f'["{BEYOND}", "{uuid4()}"]'.encode()).decode()},
        {"limit": "0"},
        {"status": "lost"},
        {"from": "now"},
        {"from": BEYOND},
        {"team": "N"},
    ],
)
async def test_a_filter_that_cannot_be_read_is_said(ann: Program, query: dict[str, str]) -> None:
    status, problem = await ann.get("/visits", **query)
    assert status == 400 and problem["errors"][0]["pointer"] == f"#{next(iter(query))}"


async def test_a_list_is_narrowed_by_status_and_time(world: World, ann: Program) -> None:
    one = await planned(world, ann)
    await ann.post(f"/visits/{one}/cancel")
    two = await planned(world, ann)
    _, page = await ann.get("/visits", status="planned,begun")
    assert [each["id"] for each in page["items"]] == [two]
    _, page = await ann.get("/visits", **{"from": (world.now + timedelta(days=1)).isoformat()})
    assert page["items"] == []


async def test_what_is_not_yours_to_know_is_not_there(world: World, ann: Program, session: ClientSession) -> None:
    visit = await planned(world, ann)
    ben = await paired(world, session, "Ben")
    for answer in (
        await ben.get(f"/visits/{visit}"),
        await ben.post(f"/visits/{visit}/check-ins"),
        await ben.get(f"/visits/{uuid4()}"),
        await ben.get("/visits/7"),
    ):
        status, problem = answer
        assert (status, problem["detail"]) == (404, "There is nothing here, or it is not yours to see.")


async def test_what_you_know_but_may_not_do_is_refused_with_the_reason(
    world: World, ann: Program, mia: Program
) -> None:
    visit = await planned(world, ann)
    status, problem = await mia.post(f"/visits/{visit}/check-ins")
    assert (status, problem["type"]) == (403, "urn:doorstep:problem:not_your_visit") and problem["detail"]
    body = {"kind": "go_ahead", "reason": "talked it through"}
    status, problem = await ann.post(f"/visits/{visit}/decision", body)
    assert (status, problem["type"]) == (403, "urn:doorstep:problem:never_your_own")


async def test_a_manager_decides_with_a_reason(world: World, ann: Program, mia: Program) -> None:
    visit = await planned(world, ann, plan={"hostility": "threat", "strategies": ["door"], "news": "removal"})
    status, problem = await mia.post(f"/visits/{visit}/decision", {"kind": "go_ahead"})
    assert status == 422 and problem["errors"][0]["pointer"] == "/reason"
    _, decided = await mia.post(f"/visits/{visit}/decision", {"kind": "go_ahead", "reason": "talked it through"})
    assert decided["decision"]["kind"] == "go_ahead" and decided["decision"]["reason"] == "talked it through"


async def test_positions_come_in_batches_and_move_no_deadline(world: World, ann: Program) -> None:
    at = f"/visits/{await planned(world, ann)}"
    _, begun = await ann.post(f"{at}/begin")
    world.clock.move(timedelta(minutes=5))
    seconds = (0, 30, 60, 120)
    batch = [
        {"latitude": 51.5, "longitude": 0.1, "at": (world.now - timedelta(seconds=each)).isoformat()}
        for each in seconds
    ]
    assert await ann.post(f"{at}/positions", {"positions": batch}) == (200, {"received": 4, "kept": 3})
    _, visit = await ann.get(at)
    assert visit["workers"][0]["due_at"] == begun["due_at"]


async def test_a_method_that_is_not_offered_and_a_path_that_is_not_there_are_problems(ann: Program) -> None:
    assert (await ann.delete("/visits"))[0] == 405
    status, problem = await ann.get("/nowhere")
    assert status == 404 and problem["type"] == "about:blank"
