"""A program changes a planned visit: whoever goes, or their manager; nobody over somebody else's change."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api
from safety_service.actions import decisions
from safety_service.domain.words import Decided
from safety_service.store.visits import VisitRow
from tests.http import Program, application, paired, serving
from tests.world import World


@pytest.fixture
async def session(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        yield session


async def patch(program: Program, row: VisitRow, *, key: str = "", **body: Any) -> tuple[int, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    return await program._ask("PATCH", f"/visits/{row.id}", json=body, headers=headers)


async def test_what_is_sent_is_changed_and_the_rest_stays(world: World, session: ClientSession) -> None:
    row = await world.plan(after=60)
    ann = await paired(world, session, "Ann")
    _, before = await ann.get(f"/visits/{row.id}")
    later = (row.visit.starts_at + timedelta(minutes=30)).isoformat()
    ends = (row.visit.ends_at + timedelta(minutes=30)).isoformat()
    status, after = await patch(ann, row, version=row.version, starts_at=later, ends_at=ends)
    assert status == 200 and after["version"] == row.version + 1
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"starts_at", "ends_at", "workers", "version"}
    assert [each["due_at"] for each in after["workers"]] == [later]
    address = {"text": "2 Oak Lane", "latitude": 51.5, "longitude": -0.1}
    status, after = await patch(ann, row, version=after["version"], address=address, purpose="review")
    assert (status, after["address"], after["purpose"], after["starts_at"]) == (200, address, "review", later)


async def test_an_address_that_was_not_sent_stays_as_it_is_and_one_that_is_empty_is_empty(
    world: World, session: ClientSession
) -> None:
    row = await world.plan(after=60, address="")
    await world.plan(after=600, address="9 Elm Road")
    ann = await paired(world, session, "Ann")
    status, after = await patch(ann, row, version=row.version, purpose="review")
    assert (status, after["address"]["text"]) == (200, "")
    _, after = await patch(ann, row, version=after["version"], address={"text": "2 Oak Lane"})
    status, after = await patch(ann, row, version=after["version"], address={})
    assert (status, after["address"]["text"]) == (200, "")


async def test_a_change_voids_the_decision(world: World, session: ClientSession) -> None:
    row = await world.plan(after=60, answers={"raise": "yes"})
    await world.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD, "Talked it through")
    row = await world.visit(row.id)
    ann = await paired(world, session, "Ann")
    status, after = await patch(
        ann, row, version=row.version, workers=[str(world.ids[each]) for each in ("Ann", "Ben")]
    )
    assert (status, after["status"], after["decision"], len(after["workers"])) == (200, "waiting", None, 2)
    # Only a manager who does not go lowers the risk.
    status, after = await patch(ann, row, version=after["version"], plan={})
    assert (status, after["risk"]["level"], after["status"]) == (200, "high", "waiting")


async def test_nobody_changes_over_somebody_else_and_a_lost_answer_is_given_again(
    world: World, session: ClientSession
) -> None:
    row = await world.plan(after=60)
    ann, mia = await paired(world, session, "Ann"), await paired(world, session, "Mia")
    first = await patch(ann, row, key="once", version=row.version, purpose="review")
    assert first[0] == 200 and await patch(ann, row, key="once", version=row.version, purpose="review") == first
    status, problem = await patch(ann, row, key="once", version=row.version, purpose="another")
    assert (status, problem["type"]) == (422, "urn:doorstep:problem:key_reused")
    status, problem = await patch(mia, row, version=row.version, purpose="mine")
    assert (status, problem["type"]) == (409, "urn:doorstep:problem:changed_meanwhile")
    assert (await world.visit(row.id)).purpose == "review"
    assert (await patch(mia, row, version=row.version + 1, purpose="mine"))[0] == 200


async def test_who_neither_goes_nor_manages_changes_nothing(world: World, session: ClientSession) -> None:
    row = await world.plan(after=60)
    for who, wanted in (("Ben", 404), ("Rita", 403), ("Adam", 404)):
        program = await paired(world, session, who)
        assert (await patch(program, row, version=row.version, purpose="theirs"))[0] == wanted, who
    assert (await world.visit(row.id)).version == row.version


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"starts_at": "2020-01-01T10:00:00+00:00"}, 422, "starts_in_the_past"),
        ({"ends_at": "2020-01-01T10:00:00+00:00"}, 422, "ends_before_it_starts"),
        ({"workers": []}, 422, "bad_body"),
        ({"family_ref": "F-2"}, 422, "bad_body"),
        ({"address": {"latitude": 51.5}}, 422, "bad_body"),
        ({"version": None}, 422, "bad_body"),
        ({"ends_at": "9999-12-31T23:59:59-12:00"}, 422, "bad_body"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, 422, "bad_body"),
        ({"plan": {"transport": {"a": 1}}}, 422, "bad_body"),
        ({"plan": {"colleague": ["Ben"]}}, 422, "bad_body"),
        ({"plan": {"strategies": [{"a": 1}]}}, 422, "bad_body"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_the_visit_as_it_was(
    world: World, session: ClientSession, body: dict[str, Any], status: int, code: str
) -> None:
    row = await world.plan(after=60)
    ann = await paired(world, session, "Ann")
    if body.get("starts_at"):
        body = {**body, "ends_at": "2020-01-01T11:00:00+00:00"}
    got, problem = await patch(ann, row, **{"version": row.version, **body})
    assert (got, problem["type"]) == (status, f"urn:doorstep:problem:{code}")
    assert await world.visit(row.id) == row


async def test_once_it_has_begun_nothing_moves_it(world: World, session: ClientSession) -> None:
    row = await world.inside("Ann")
    ann = await paired(world, session, "Ann")
    status, problem = await patch(ann, row, version=row.version, purpose="review")
    assert (status, problem["type"]) == (409, "urn:doorstep:problem:change_only_before_start")
