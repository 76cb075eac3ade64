"""People on pages: who leaves, who lost their phone, and who is kept off whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from safety_service.actions import (
    alerts,
    danger,
    exclusions,
    filters,
    leaving,
)
from safety_service.actions.actor import Actor
from safety_service.domain.words import Kind, Role
from safety_service.store import exclusions as kept_off
from safety_service.store import people, sessions
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from safety_service.store.tables.system import event_log
from tests.http import signed_in
from tests.unit.people_pages.acting import get, keep_off, known, page_of, post
from tests.world import World


async def test_what_happens_is_shown_before_somebody_is_deactivated_and_then_happens(
    world: World, adam: ClientSession
) -> None:
    await world.inside()
    await world.later(130)
    await world.do("Mia", alerts.take, (await world.alert()).id)
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, supervisor_id=world.ids["Mia"]))
    await signed_in(world, adam, "Adam")
    _, text = await get(adam, page_of(world, "Mia", "/deactivate"))
    assert "1 alert is theirs" in text and "1 shift of theirs counts no more" in text
    assert "Then this is missing in the next month" in text and "nobody supervises: Ann" in text
    _, text = await get(adam, page_of(world, "Ann", "/deactivate"))
    assert "1 visit is under way" in text and "Each is watched to its end" in text
    assert "F-1" not in text and "Elm Row" not in text
    assert (await known(world, "Mia")).active, "looking does nothing"
    status, text = await post(adam, page_of(world, "Mia", "/deactivate"))
    assert status == 200 and "Deactivated" in text
    assert not (await known(world, "Mia")).active
    owned = (await world.alert()).alert
    assert owned.next_at is not None and owned.next_at <= world.now + owned.ladder.reply
    status, _ = await post(adam, page_of(world, "Mia", "/back"))
    assert status == 200 and (await known(world, "Mia")).active


async def test_whoever_an_alert_is_about_learns_nothing_of_it_from_its_owners_page(world: World, base: str) -> None:
    """Ann administers, too, and has called for help silently: what duress causes reaches no page of hers."""
    async with world.database.transaction() as tx:
        roles = frozenset({Role.PRACTITIONER, Role.ADMINISTRATOR})
        await people.set_roles(tx, world.ids["Ann"], world.team_id, roles)
    row = await world.inside()
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ann"], row.id, tx.now)
    opened = await world.alert()
    assert opened.alert.kind is Kind.DURESS
    await world.do("Mia", alerts.take, opened.id)
    async with world.database.reading() as tx:
        seen = await leaving.consequences(tx, await world.actor(tx, "Ann"), world.ids["Mia"])
        others = await leaving.consequences(tx, await world.actor(tx, "Adam"), world.ids["Mia"])
    assert (seen.owned, others.owned) == (0, 1)


async def test_counts_leave_out_what_the_administrator_is_kept_off(world: World) -> None:
    await world.inside()
    await world.later(130)
    await world.do("Mia", alerts.take, (await world.alert()).id)
    await keep_off(world, "Adam", "Ann")
    async with world.database.reading() as tx:
        assert (await leaving.consequences(tx, await world.actor(tx, "Adam"), world.ids["Mia"])).owned == 0


async def test_a_lost_phone_ends_everything_that_speaks_for_them_and_nothing_else(
    world: World, adam: ClientSession
) -> None:
    row = await world.inside()
    async with world.database.transaction() as tx:
        token = await sessions.start(tx, world.ids["Ann"], "web")
    status, text = await post(adam, page_of(world, "Ann", "/lost"))
    assert status == 200 and "Nothing reaches them any more" in text
    async with world.database.reading() as tx:
        assert await sessions.person_of(tx, token) is None
    assert (await known(world, "Ann")).active
    assert (await world.visit(row.id)).visit.watches[0].next_at is not None


async def test_somebody_is_kept_off_a_colleague_and_the_reason_is_read_one_at_a_time(
    world: World, adam: ClientSession
) -> None:
    path = page_of(world, "Dev", "/keep-off")
    status, text = await post(adam, path, worker="Ann", family="", reason="was married to them")
    assert status == 200 and "From now on they are kept off" in text
    _, text = await get(adam, "/exclusions")
    assert "Dev" in text and "Ann" in text and "married" not in text
    link = re.search(r'href="(/exclusions/[0-9a-f-]{36})"', text)
    assert link is not None
    _, text = await get(adam, link[1])
    assert "was married to them" in text
    async with world.database.reading() as tx:
        query = select(event_log.c.verb).where(event_log.c.subject == "exclusion").order_by(event_log.c.id)
        assert list((await tx.conn.execute(query)).scalars()) == ["added", "read"]
        assert world.ids["Dev"] in await kept_off.excluded(tx, world.ids["Ann"], None)
    assert (await post(adam, f"{link[1]}/end"))[0] == 200
    async with world.database.reading() as tx:
        assert await kept_off.excluded(tx, world.ids["Ann"], None) == frozenset()


async def test_what_is_missing_in_an_exclusion_is_said(world: World, adam: ClientSession) -> None:
    path = page_of(world, "Dev", "/keep-off")
    for fields, says in (
        ({"worker": "Nobody Here", "family": "", "reason": "x"}, "I do not know everybody"),
        ({"worker": "", "family": "", "reason": "x"}, "one of the two"),
        ({"worker": "Ann", "family": "F-1", "reason": "x"}, "one of the two"),
        ({"worker": "Dev", "family": "", "reason": "x"}, "kept off themselves"),
        ({"worker": "", "family": "F-1", "reason": " "}, "Give the reason"),
        ({"worker": "example", "family": "", "reason": "x"}, "I do not know everybody"),
    ):
        status, text = await post(adam, path, **fields)
        assert status == 409 and says in text, fields


async def test_whoever_is_kept_off_finds_neither_the_person_nor_the_exclusion(
    world: World, adam: ClientSession
) -> None:
    await keep_off(world, "Adam", "Ann")
    async with world.database.reading() as tx:
        [row] = await kept_off.every(tx, world.agency_id)
    async with adam.post("/people", data={"q": "ann"}) as answer:
        found = str(answer.url.relative())
    for path in ("/people", found, f"/people?team={world.team_id}", "/exclusions", page_of(world, "Adam")):
        status, text = await get(adam, path)
        assert status == 200 and ">Ann<" not in text and "Ann</b>" not in text, path
    assert "North</a> (5)" in (await get(adam, "/people"))[1]
    assert "1 exclusion" not in (await get(adam, page_of(world, "Adam")))[1]
    for more in ("", "/change", "/roles", "/deactivate", "/keep-off"):
        assert (await get(adam, page_of(world, "Ann", more)))[0] == 404
    for more in ("/invite", "/deactivate", "/lost", "/training", "/roles"):
        assert (await post(adam, page_of(world, "Ann", more)))[0] == 404
    assert (await get(adam, f"/exclusions/{row.id}"))[0] == 404
    assert (await post(adam, f"/exclusions/{row.id}/end"))[0] == 404
    status, text = await post(adam, page_of(world, "Dev", "/keep-off"), worker="Ann", family="", reason="x")
    assert status == 409 and "I do not know everybody" in text


async def test_nobody_reads_from_which_family_they_are_kept_off(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids["Adam"], family_ref="F-9", reason="his brother")
        await exclusions.add(tx, None, world.ids["Dev"], family_ref="F-9", reason="his neighbour")
        others = await exclusions.add(tx, None, world.ids["Dev"], family_ref="F-8", reason="his aunt")
    _, text = await get(adam, "/exclusions")
    assert "F-8" in text and "F-9" not in text
    assert (await get(adam, f"/exclusions/{others}"))[0] == 200
    async with world.database.reading() as tx:
        about = [each.id for each in await kept_off.every(tx, world.agency_id) if each.id != others]
    assert [(await get(adam, f"/exclusions/{each}"))[0] for each in about] == [404, 404]


async def test_a_search_that_collided_with_somebody_elses_is_done_again(
    world: World, adam: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    keep = filters.look_for

    async def collides_once(tx: Tx, actor: Actor, page: str, query: Mapping[str, str]) -> UUID:
        tried.append(query["q"])
        if len(tried) == 1:
            raise TryAgain
        return await keep(tx, actor, page, query)

    monkeypatch.setattr(filters, "look_for", collides_once)
    status, text = await post(adam, "/people", q="ann")
    assert status == 200 and tried == ["ann", "ann"] and ">Ann<" in text


async def test_a_supervisor_whom_the_administrator_may_not_know_stays(world: World, adam: ClientSession) -> None:
    async with world.database.transaction() as tx:
        await people.save(tx, replace(await people.get(tx, world.ids["Ann"]), supervisor_id=world.ids["Mia"]))
    await keep_off(world, "Adam", "Mia")
    _, text = await get(adam, page_of(world, "Ann", "/change"))
    assert 'id="supervisor"' in text and "Mia" not in text
    fields = {"name": "Ann Lee", "email": "ann@example.org", "phone": "", "supervisor": ""}
    assert (await post(adam, page_of(world, "Ann", "/change"), **fields))[0] == 200
    assert (await known(world, "Ann")).supervisor_id == world.ids["Mia"]
