"""Families over HTTP: read, changed, briefed about; facts, other agencies, summaries."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api
from tests.guidance.at_families import REF, told
from tests.http import Program, application, browsing, paired, serving
from tests.world import World

HERE = f"/families/{REF}"


@pytest.fixture
async def session(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, api)) as base, browsing(base) as session:
        yield session


async def patch(program: Program, path: str, body: Any) -> tuple[int, Any]:
    return await program._ask("PATCH", path, json=body)


async def test_a_record_is_changed_part_by_part_and_never_over_somebody_elses_change(
    world: World, session: ClientSession
) -> None:
    await world.plan()
    ann = await paired(world, session, "Ann")
    status, family = await ann.get(HERE)
    assert status == 200 and family["record"]["household"] == []
    change = {"version": family["version"], "name": "Marsh", "record": {"practical": {"dog": "Rex"}}}
    status, after = await patch(ann, HERE, change)
    assert status == 200 and (after["name"], after["record"]["practical"]["dog"]) == ("Marsh", "Rex")
    assert after["changed"]["practical"]["by"] == {"id": str(world.ids["Ann"]), "name": "Ann"}
    status, problem = await patch(ann, HERE, change)
    assert status == 409 and problem["type"].endswith("changed_meanwhile")
    wrong = {"version": after["version"], "record": {"promises": [{"what": "x", "by": "nobody"}]}}
    status, problem = await patch(ann, HERE, wrong)
    assert status == 422 and "promises.0.by" in problem["detail"]
    assert (await ann.post("/families/find", {"text": "marsh"}))[1]["items"] == [{"ref": REF, "name": "Marsh"}]
    ben = await paired(world, session, "Ben")
    assert (await ben.get(HERE))[0] == 404
    assert (await ben.post("/families/find", {"text": "marsh"}))[1]["items"] == []


async def test_a_briefing_is_read_confirmed_and_asked_about(world: World, session: ClientSession) -> None:
    await told(world, "open_threat", seen="no")
    ann = await paired(world, session, "Ann")
    status, found = await ann.get(f"{HERE}/briefing")
    assert status == 200 and found["read_at"] is None and found["last_visits"][0]["met"] == ["Open threat"]
    assert (await ann.post(f"{HERE}/briefing/read"))[1] == {"plan_number": found["plan_number"]}
    assert (await ann.get(f"{HERE}/briefing"))[1]["read_at"] is not None
    assert (await ann.post(f"{HERE}/briefing/ask", {"question": "Is he back?"}))[1] == {"told": 1}
    status, problem = await ann.post(f"{HERE}/briefing/ask", {"question": ""})
    assert status == 422 and problem["errors"][0]["pointer"] == "/question"


async def test_facts_are_added_corrected_and_ended_and_the_risk_raised_and_lowered(
    world: World, session: ClientSession
) -> None:
    await world.plan()
    mia = await paired(world, session, "Mia")
    status, fact = await mia.post(f"{HERE}/facts", {"kind": "open_threat", "on": "2026-11-10", "source": "police"})
    assert status == 201 and fact["past"] is False and fact["review_on"] is not None
    status, right = await mia.post(f"/facts/{fact['id']}/correct", {"kind": "veiled_threat", "why": "Mixed up"})
    assert status == 201 and right["corrects"] == fact["id"] and right["on"] == "2026-11-10"
    assert (await mia.get(f"/facts/{fact['id']}"))[1]["corrected_by"] == right["id"]
    told_ = await mia.post(f"/facts/{right['id']}/told", {"told": "no", "told_why": ""})
    assert told_[0] == 422
    assert (await mia.post(f"/facts/{right['id']}/review", {"review_on": "2027-01-10"}))[1]["review_on"] == "2027-01-10"
    assert (await mia.post(f"{HERE}/risk", {"to": "high", "why": "He is back"}))[0] == 201
    assert (await mia.post(f"{HERE}/risk", {"to": "low", "why": "Gone", "days": 29}))[0] == 422
    assert (await mia.post(f"{HERE}/risk", {"to": "low", "why": "Gone", "days": 28}))[0] == 201
    status, ended = await mia.post(f"/facts/{right['id']}/end", {"why": "Not them"})
    assert status == 200 and ended["ended"] and ended["ended_why"] == "Not them"
    assert len((await mia.get(f"{HERE}/facts"))[1]["items"]) == 4
    ben = await paired(world, session, "Ben")
    assert (await ben.post(f"/facts/{right['id']}/end", {"why": "x"}))[0] == 404
    unknown = await mia.post(
        f"{HERE}/facts", {"kind": "targeted", "on": "2026-11-10", "source": "other", "worker_id": fact["id"]}
    )
    assert unknown[0] == 422


async def test_other_agencies_and_what_was_met(world: World, session: ClientSession) -> None:
    await told(world, "argued")
    ann = await paired(world, session, "Ann")
    status, row = await ann.post(f"{HERE}/partners", {"organisation": "School", "meets": ["argued"]})
    assert status == 201 and row["verified_at"] is None
    assert (await ann.post(f"/partners/{row['id']}/verify"))[1]["verified_at"] is not None
    status, row = await patch(ann, f"/partners/{row['id']}", {"version": row["version"], "visits": "reduced"})
    assert status == 200 and row["meets"] == ["argued"] and row["verified_at"] is not None
    around = (await ann.get(f"{HERE}/partners"))[1]
    assert around["picture"]["pattern"] == "most" and around["picture"]["meeting"] == ["most_hostile"]
    assert (await ann.post(f"/partners/{row['id']}/end"))[1]["ended_at"] is not None
    met = (await ann.get(f"{HERE}/behaviours"))[1]["items"]
    assert [(each["behaviour"], each["times"], each["people"]) for each in met] == [("argued", 1, 1)]


async def test_a_summary_has_the_fields_of_the_list_only(world: World, session: ClientSession) -> None:
    row = await world.plan()
    ann = await paired(world, session, "Ann")
    here = f"/visits/{row.id}/summary"
    assert (await ann.get(here))[0] == 404
    status, problem = await ann.post(here, {"body": {"purpose": "x", "done": "y", "risk": "high"}})
    assert status == 422 and "risk" in problem["detail"]
    status, made = await ann.post(here, {"body": {"purpose": "To see Jay", "done": "We talked"}})
    assert status == 201
    assert made["body"] == {"purpose": "To see Jay", "done": "We talked", "our_number": "01632 960000"}
    assert (await ann.post(f"{here}/given", {"how": "sent"}))[1]["given"] == "sent"
    assert [each["id"] for each in (await ann.get(f"{HERE}/summaries"))[1]["items"]] == [made["id"]]
    assert (await ann.get(f"/visits/{row.id}/readiness"))[1]["items"] == []


async def test_the_agencys_texts_are_put_by_administrators(world: World, session: ClientSession) -> None:
    ann, adam = await paired(world, session, "Ann"), await paired(world, session, "Adam")
    text = {"title": "Our staff", "text": "We leave."}
    assert (await ann._ask("PUT", "/notices/statement", json=text))[0] == 403
    assert (await adam._ask("PUT", "/notices/statement", json=text))[0] == 200
    assert (await ann.get("/notices/statement"))[1]["text"] == "We leave."
    assert (await ann.get("/notices/nonsense"))[0] == 404


async def test_a_family_that_nobody_visits_yet_is_made_by_a_manager(world: World, session: ClientSession) -> None:
    ann, mia = await paired(world, session, "Ann"), await paired(world, session, "Mia")
    assert (await ann.post("/families", {"ref": "F-9"}))[0] == 403
    assert (await mia.post("/families", {"ref": "f-9"}))[1]["ref"] == "F-9"
    assert (await ann.get("/families/F-9"))[0] == 404
