"""The debrief log by API: filters, pages, one reading, a review; part E for nobody but worker and supervisor."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from sqlalchemy import update

from safety_service import api
from safety_service.store.tables.people import person
from tests.debriefs import given
from tests.http import Program, application, paired, serving
from tests.world import World

Pair = Callable[[str], Any]


@pytest.fixture
async def session(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        yield session


async def items(program: Program, path: str = "/debriefs", **query: str) -> list[dict[str, Any]]:
    status, page = await program.get(path, **query)
    assert status == 200, page
    found: list[dict[str, Any]] = page["items"]
    return found


async def test_the_log_is_filtered_and_paged(world: World, session: ClientSession) -> None:
    quiet = await given(world, "Ann")
    world.clock.move(timedelta(minutes=1))
    bad = await given(
        world, "Ben", ref="F-2", behaviours=["open_threat"], severity="high", answers={"happened": "A knife"}
    )
    mia = await paired(world, session, "Mia")
    assert [each["id"] for each in await items(mia)] == [str(bad), str(quiet)]
    for query in ({"q": "knife"}, {"family": "f-2"}, {"behaviour": "threat"}, {"severity": "high,medium"}):
        assert [each["id"] for each in await items(mia, **query)] == [str(bad)]
    assert [each["id"] for each in await items(mia, reviewed="false", severity="high")] == [str(bad)]
    assert await items(mia, reviewed="true") == []
    assert await items(mia, team=str(uuid4())) == []
    assert {each["worker_id"] for each in await items(mia, worker=str(world.ids["Ann"]))} == {str(world.ids["Ann"])}
    _, first = await mia.get("/debriefs", limit="1")
    _, second = await mia.get("/debriefs", limit="1", cursor=first["next"])
    assert [each["id"] for each in first["items"] + second["items"]] == [str(bad), str(quiet)]
    assert second["next"] is None
    before = (world.now - timedelta(seconds=1)).isoformat()
    assert [each["id"] for each in await items(mia, to=before)] == [str(quiet)]


@pytest.mark.parametrize("query", [{"severity": "awful"}, {"reviewed": "maybe"}, {"cursor": "x"}, {"team": "x"}])
async def test_a_filter_that_cannot_be_read_is_named(
    world: World, session: ClientSession, query: dict[str, str]
) -> None:
    status, problem = await (await paired(world, session, "Mia")).get("/debriefs", **query)
    assert status == 400 and problem["errors"][0]["pointer"] == f"#{next(iter(query))}"


async def test_a_list_has_no_answers_and_one_reading_has_them(world: World, session: ClientSession) -> None:
    made = await given(world, "Ann", answers={"happened": "He shouted"}, private={"feeling": "low"})
    mia = await paired(world, session, "Mia")
    assert [each["answers"] for each in await items(mia)] == [{}]
    _, shown = await mia.get(f"/debriefs/{made}")
    assert shown["answers"]["happened"] == "He shouted" and "private" not in shown
    async with world.database.transaction() as tx:
        supervised = update(person).where(person.c.id == world.ids["Ann"]).values(supervisor_id=world.ids["Mia"])
        await tx.conn.execute(supervised)
    _, shown = await mia.get(f"/debriefs/{made}")
    assert shown["private"] == {"feeling": "low"}
    status, shown = await mia.post(f"/debriefs/{made}/comments", {"note": "Thank you"})
    assert status == 201 and "private" not in shown, "what is remembered for a repeated request has no part E"


async def test_a_review_and_a_comment_show_on_the_debrief(world: World, session: ClientSession) -> None:
    made = await given(world, "Ann", behaviours=["argued"], severity="medium")
    mia, ann = await paired(world, session, "Mia"), await paired(world, session, "Ann")
    status, _ = await ann.post(f"/debriefs/{made}/review", {"note": "My own"})
    assert status == 403
    status, problem = await mia.post(f"/debriefs/{made}/review", {"note": ""})
    assert (status, problem["errors"][0]["pointer"]) == (422, "/note")
    status, shown = await mia.post(f"/debriefs/{made}/review", {"note": "Read"})
    assert (status, shown["state"], shown["review"], shown["review_note"]) == (200, "reviewed", "done", "Read")
    assert (await mia.post(f"/debriefs/{made}/review", {"note": "Again"}))[0] == 409
    status, shown = await ann.post(f"/debriefs/{made}/comments", {"note": "Thanks"})
    assert status == 201 and shown["comments"][0]["by"]["name"] == "Ann"
    ben = await paired(world, session, "Ben")
    assert (await ben.get(f"/debriefs/{made}"))[0] == 404
    assert (await ben.post(f"/debriefs/{made}/comments", {"note": "Hi"}))[0] == 404


async def test_trends_and_exports_are_for_those_who_read_the_team(world: World, session: ClientSession) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    world.clock.move(timedelta(days=1))
    mia, ann = await paired(world, session, "Mia"), await paired(world, session, "Ann")
    (trend,) = await items(mia, "/debriefs/trends")
    assert (trend["behaviour"], trend["count"], trend["month"]) == ("argued", 1, "2026-11")
    for what in ("debriefs", "visits", "care"):
        assert await items(mia, f"/exports/{what}")
        assert (await ann.get(f"/exports/{what}"))[0] == 403
    assert (await mia.get("/exports/people"))[0] == 404
    assert (await mia.get("/exports/visits", to="2020-01-01T00:00:00Z", **{"from": world.now.isoformat()}))[0] == 422
