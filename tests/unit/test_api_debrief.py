"""A program drafts, submits and adds to a debrief; it is checked by the same form as the page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api
from tests.guidance.telling import CHILD, HARD, facts_of, out
from tests.http import Program, application, paired, serving
from tests.world import World


@pytest.fixture
async def session(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        yield session


async def put(program: Program, path: str, answers: Any) -> tuple[int, Any]:
    return await program._ask("PUT", path, json={"answers": answers})


async def test_a_debrief_goes_from_draft_to_addendum(world: World, session: ClientSession) -> None:
    visit = await out(world)
    ann = await paired(world, session, "Ann")
    here = f"/visits/{visit.id}/debrief"
    status, row = await ann.get(here)
    assert (status, row["state"], row["answers"], row["severity"]) == (200, "draft", {}, "none")
    await put(ann, here, {"mood": "bad", "seen": "no"})
    status, row = await put(ann, here, {**HARD, "met": ["open_threat"], "feeling": "Shaken"})
    assert status == 200 and row["answers"]["met"] == ["open_threat"] and row["private"] == {"feeling": "Shaken"}
    assert row["severity"] == "high" and "open_threat" in await facts_of(world), "part A is given: it counts at once"
    status, problem = await ann.post(f"{here}/submit", {})
    assert status == 422 and "/answers/child_too_scared" in {each["pointer"] for each in problem["errors"]}
    status, row = await ann.post(f"{here}/submit", {"answers": CHILD})
    assert (status, row["state"], row["behaviours"]) == (200, "submitted", ["open_threat"])
    assert row["submitted_at"] and row["reviewed_by"] is None and row["addenda"] == []
    assert (await put(ann, here, {"mood": "fine"}))[0] == 409
    status, row = await ann.post(f"/debriefs/{row['id']}/addenda", {"text": "He rang since."})
    assert (status, [each["text"] for each in row["addenda"]]) == (201, ["He rang since."])


async def test_each_answer_that_cannot_be_used_is_pointed_at_and_nothing_is_kept(
    world: World, session: ClientSession
) -> None:
    visit = await out(world)
    ann = await paired(world, session, "Ann")
    here = f"/visits/{visit.id}/debrief"
    status, problem = await put(ann, here, {"mood": "splendid", "met": ["dragon"], "dragons": "yes", "seen": "no"})
    assert status == 422
    assert [each["pointer"] for each in problem["errors"]] == ["/answers/mood", "/answers/met", "/answers/dragons"]
    assert (await ann.get(here))[1]["answers"] == {}


async def test_a_colleague_reads_what_is_given_and_never_writes(world: World, session: ClientSession) -> None:
    visit = await out(world)
    ann, mia = await paired(world, session, "Ann"), await paired(world, session, "Mia")
    here = f"/visits/{visit.id}/debrief"
    assert (await mia.get(here))[0] == 404, "a draft is its worker's own"
    _, row = await put(ann, here, {**HARD, "feeling": "Shaken"})
    status, read = await mia.get(here, worker=str(world.ids["Ann"]))
    assert status == 200 and "private" not in read and "Shaken" not in str(read)
    assert (await put(mia, here, {"mood": "fine"}))[0] == 404
    assert (await mia.post(f"{here}/submit", {}))[0] == 404
    assert (await mia.post(f"/debriefs/{row['id']}/addenda", {"text": "x"}))[0] == 404
    rita = await paired(world, session, "Rita")
    assert (await rita.get(here))[0] == 200
    ben = await paired(world, session, "Ben")
    assert (await ben.get(here))[0] == 404
