"""A row whose key is gone is on every list with what is not sealed, and says that it cannot be read: no list fails."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import LargeBinary, insert, literal, text

from safety_service import api, web
from safety_service.actions import alerts, decisions, items, planning
from safety_service.domain.words import Decided, Found, Kind, KnownBy, Role
from safety_service.store import people
from safety_service.store.ids import new_id
from safety_service.store.tables.visits import decision
from safety_service.store.unopened import UNREAD
from tests.debriefs import given
from tests.http import Program, application, browsing, paired, serving, signed_in
from tests.world import World

SPOILT = b"nothing that a key opens"
#: Each list, and what is on it whatever cannot be read.
PAGES = {
    "/today": "F-2",
    "/visits": "F-1",
    "/visits?who=mine": "F-2",
    "/visits/waiting": "F-2",
    "/board": "F-1",
    "/alerts": "F-1",
    "/log": "F-3",
    "/families": "F-3",
    "/items": "F-2",
    "/evidence": "F-2",
    "/figures": "Figures",
}
LISTS = {"/visits": "F-1", "/alerts": "missed_check_in", "/debriefs": "F-3"}
SEALED = (
    ("visit.address", "visit.purpose", "visit.because", "visit.answers", "visit.lacking"),
    ("alert.note", "family.name"),
    ("debrief.answers", "debrief.private", "debrief.signals", "item.body"),
    ("person.name", "outbox.params"),
)


@pytest.fixture
async def office(world: World) -> AsyncIterator[tuple[ClientSession, Program]]:
    """Mia manages, and goes on a visit herself; Ann was missed on one, and a debrief has been given."""
    async with world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, both)
    await given(world, "Ann", ref="F-3")
    mine = await world.plan("Mia", ref="F-2", after=90, answers={"raise": "yes"})
    await world.do("Dev", decisions.decide, mine.id, Decided.GO_AHEAD, "two go")
    await world.plan("Mia", ref="F-2", after=300, answers={"raise": "yes"})
    await world.inside("Ann")
    await world.later(40)
    missed = next(each for each in await world.alerts() if each.alert.kind is Kind.MISSED_CHECK_IN)
    await world.do("Dev", alerts.resolve, missed.id, Found.LATE, KnownBy.HEARD_VOICE, "no battery")
    async with world.database.transaction() as tx:
        about: dict[str, Any] = {
            "kind": "action",
            "text": "a lamp",
            "family_id": (await world.visit(mine.id)).family_id,
        }
        await items.open_item(tx, agency_id=world.agency_id, team_id=world.team_id, key="lamp", **about)
    async with serving(application(world, web, api)) as base, browsing(base) as browser:
        await signed_in(world, browser, "Mia")
        yield browser, await paired(world, browser, "Mia")


async def spoil(world: World, column: str) -> None:
    table, _, name = column.partition(".")
    mia = world.ids["Mia"].hex if world.database.dialect == "sqlite" else world.ids["Mia"]
    others = f" WHERE id <> '{mia}'" if table == "person" else ""
    async with world.database.transaction() as tx:
        statement = text(f"UPDATE {table} SET {name} = :spoilt{others}")
        assert (await tx.conn.execute(statement, {"spoilt": SPOILT})).rowcount, column


@pytest.mark.parametrize("columns", SEALED)
async def test_every_list_comes_with_the_row_that_no_key_opens(
    world: World, office: tuple[ClientSession, Program], columns: tuple[str, ...]
) -> None:
    browser, program = office
    for column in columns:
        await spoil(world, column)
    for path, there in PAGES.items():
        async with browser.get(path) as answer:
            shown = await answer.text()
            assert answer.status == 200 and there in shown, (path, shown)
    for path, there in LISTS.items():
        status, body = await program.get(path)
        assert status == 200 and there in json.dumps(body), (path, body)


async def test_a_decision_whose_reason_no_key_opens_stands_and_fails_no_list(
    world: World, office: tuple[ClientSession, Program]
) -> None:
    row = await world.plan("Ben", ref="F-4", after=200)
    async with world.database.transaction() as tx:
        made = {"id": new_id(), "visit_id": row.id, "kind": "go_ahead", "by": world.ids["Dev"], "at": tx.now}
        await tx.conn.execute(
            insert(decision).values(**made, visit_version=row.version, reason=literal(SPOILT, LargeBinary))
        )
    async with office[0].get("/visits?who=team") as answer:
        assert answer.status == 200
    status, body = await office[1].get("/visits")
    (shown,) = [each for each in body["items"] if each["family_ref"] == "F-4"]
    assert status == 200 and shown["decision"]["kind"] == "go_ahead" and shown["decision"]["reason"] == UNREAD


async def test_it_says_that_it_cannot_be_read_and_so_does_the_log(
    world: World, office: tuple[ClientSession, Program], caplog: pytest.LogCaptureFixture
) -> None:
    browser, _ = office
    for column, path in (("visit.address", "/today"), ("item.body", "/items"), ("visit.because", "/visits/waiting")):
        await spoil(world, column)
        async with browser.get(path) as answer:
            assert UNREAD in await answer.text(), path
        assert any("no key opens" in each.message and column in each.message for each in caplog.records), column


async def test_its_own_page_comes_and_says_so_too(world: World, office: tuple[ClientSession, Program]) -> None:
    browser, program = office
    row = await world.plan("Ben", ref="F-4", after=200)
    await spoil(world, "visit.address")
    async with browser.get(f"/visits/{row.id}") as answer:
        assert answer.status == 200 and UNREAD in await answer.text()
    status, body = await program.get(f"/visits/{row.id}")
    assert (status, body["address"]["text"]) == (200, UNREAD)


async def test_an_address_that_cannot_be_read_is_not_taken_over_into_the_next_visit(world: World) -> None:
    await world.plan("Ann")
    await spoil(world, "visit.address")
    assert await world.do("Ann", planning.last_of_family, "F-1") is None
    assert await world.do("Ann", planning.recent_of_worker) == []
    again = await world.plan("Ann", address="", after=120)
    assert again.address["text"] == ""
