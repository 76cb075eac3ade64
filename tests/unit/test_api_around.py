"""Programs around a family: undertakings, shares, meetings, supervision; the same rules as on the pages."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api, web
from safety_service.actions import warning
from safety_service.store import people
from safety_service.store.visits import VisitRow
from tests.guidance.around import agency_at, bad_visit, told
from tests.http import Program, application, paired, serving
from tests.world import World

TERMS = {
    "concern": "Shouting at the door",
    "expected": "Nobody shouts",
    "otherwise": "We meet at the office",
    "told": "Both parents, by Ann",
    "told_on": "2026-11-16",
    "review_on": "2026-12-14",
    "agencies": {"Police": "come along"},
}


@pytest.fixture
async def row(world: World) -> VisitRow:
    return await bad_visit(world)


@pytest.fixture
async def session(world: World, row: VisitRow) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web, api)) as base, ClientSession(base) as session:
        yield session


@pytest.fixture
async def mia(world: World, session: ClientSession) -> Program:
    return await paired(world, session, "Mia")


@pytest.fixture
async def ann(world: World, session: ClientSession) -> Program:
    return await paired(world, session, "Ann")


async def test_an_undertaking_comes_back_as_it_was_written(mia: Program, ann: Program) -> None:
    status, made = await mia.post("/families/F-1/undertakings", TERMS)
    assert status == 201 and made["partnership"] is False
    assert {name: made[name] for name in TERMS} == TERMS and made["state"] == "open"
    status, noted = await mia.post(f"/undertakings/{made['id']}/notes", {"state": "broken", "note": "He shouted"})
    assert status == 201 and [each["note"] for each in noted["notes"]] == ["He shouted"]
    assert (await ann.get("/families/F-1/undertakings"))[1] == {"items": [noted], "next": None}
    status, problem = await ann.post("/families/F-1/undertakings", TERMS)
    assert (status, problem["type"]) == (403, "urn:doorstep:problem:managers_only")
    status, problem = await mia.post("/families/F-1/undertakings", {**TERMS, "review_on": "2026-11-01"})
    assert status == 422 and problem["errors"][0]["pointer"] == "/review_on"
    status, problem = await mia.post("/families/F-1/undertakings", {**TERMS, "review_on": "9999-12-31"})
    assert status == 422 and problem["detail"] == "That is too far away: 5 years at most."


async def test_a_share_is_decided_and_its_link_stands_in_that_answer_only(
    world: World, row: VisitRow, session: ClientSession, mia: Program, ann: Program
) -> None:
    partner = await agency_at(world, row.family_id)
    await told(world, row, warning.follow)
    _, record = await mia.get("/families/F-1/shares")
    (one,) = record["items"]
    assert one["state"] == "proposed" and one["text"]["met"] == ["Open threat"]
    status, problem = await mia.post(f"/shares/{one['id']}/decision", {"decision": "share", "reason": "Thursday"})
    assert status == 422 and problem["errors"][0]["pointer"] == "/basis"
    made = {"decision": "share", "reason": "Thursday", "basis": "protect_worker"}
    assert (await ann.post(f"/shares/{one['id']}/decision", made))[0] == 403
    old = {**made, "text_digest": "0" * 64}
    status, problem = await mia.post(f"/shares/{one['id']}/decision", old)
    assert (status, problem["type"]) == (409, "urn:doorstep:problem:share_changed")
    made["text_digest"] = one["text_digest"]
    status, decided = await mia.post(f"/shares/{one['id']}/decision", made)
    assert status == 200 and decided["state"] == "sent"
    link = decided.pop("link")
    assert (await mia.get("/families/F-1/shares"))[1]["items"] == [decided]
    async with session.get(f"/a/{link.rpartition('/')[2]}") as answer:
        assert answer.status == 200 and "Open threat" in await answer.text()
    by_hand = {"partner_id": str(partner), "behaviours": ["weapon"], "on": "2026-11-16"}
    status, another = await mia.post("/families/F-1/shares", by_hand)
    assert status == 201 and another["text"]["met"] == ["Weapon"] and another["debrief_id"] is None
    status, kept_back = await mia.post(f"/shares/{another['id']}/decision", {"decision": "withhold", "reason": "Old"})
    assert status == 200 and (kept_back["state"], kept_back["link"]) == ("withheld", None)


async def test_a_meeting_is_called_held_and_listed(world: World, row: VisitRow, mia: Program, ann: Program) -> None:
    school = await agency_at(world, row.family_id)
    call: dict[str, Any] = {
        "kind": "joint_debrief",
        "meets_at": (world.now + timedelta(days=1)).isoformat(),
        "why": "All were frightened",
        "invited": [str(school)],
        "share_what": "That we met",
        "share_how": "By letter",
        "share_when": "On Monday",
    }
    status, called = await mia.post("/families/F-1/meetings", call)
    assert status == 201 and called["invited"] == [{"id": str(school), "organisation": "School"}]
    status, _ = await mia.post(f"/meetings/{called['id']}/held", {"notes": "We met"})
    assert status == 422
    outcome = {
        "notes": "We met",
        "review_on": "2026-12-14",
        "decisions": [{"what": "A light", "owner_id": str(world.ids["Ann"]), "due_on": "2026-11-30"}],
    }
    status, held = await mia.post(f"/meetings/{called['id']}/held", outcome)
    assert status == 200 and held["plan_number"] and held["decisions"][0]["what"] == "A light"
    assert (await ann.get("/families/F-1/meetings"))[1]["items"] == [held]
    status, problem = await mia.post(f"/meetings/{called['id']}/cancel", {"why": "Ill"})
    assert (status, problem["type"]) == (409, "urn:doorstep:problem:meeting_over")


async def test_a_supervision_is_written_down_and_stands(world: World, mia: Program, ann: Program) -> None:
    async with world.database.transaction() as tx:
        person = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(person, supervisor_id=world.ids["Mia"]))
    at = f"/people/{world.ids['Ann']}/supervision"
    status, wished = await ann.post(f"{at}/wishes", {"text": "The stairs", "family_ref": "F-1", "risk": "high"})
    assert status == 201
    _, seen = await mia.get(at)
    assert [each["text"] for each in seen["agenda"]["items"]] == ["The stairs"] and seen["office_phone"]
    judged = {"family_ref": "F-1", "worker": "high", "supervisor": "medium"}
    said = {"notes": "We talked", "closed": {wished["item_id"]: "A lamp"}, "judgements": [judged]}
    assert (await ann.post(at, said))[0] == 403
    status, after = await mia.post(at, said)
    assert status == 201 and after["agenda"]["items"] == [] and after["records"][0]["notes"] == "We talked"
    assert (await ann.get(at))[1]["agenda"]["judgements"][0]["worker"] == "high"
    assert (await mia.post(f"{at}/wishes", {"text": "Not mine"}))[0] == 404


async def test_strangers_find_nothing(world: World, row: VisitRow, session: ClientSession) -> None:
    ben = await paired(world, session, "Ben")
    for path in ("undertakings", "shares", "meetings"):
        assert (await ben.get(f"/families/F-1/{path}"))[0] == 404
    assert (await ben.get(f"/people/{world.ids['Ann']}/supervision"))[0] == 404
