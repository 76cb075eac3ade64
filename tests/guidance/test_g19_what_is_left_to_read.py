"""G19: whoever reads what retention has been at reads that it was removed, and no page breaks over it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import update

from safety_service import api, web
from safety_service.actions import alerts, event_chain, subject_access, timeline, words
from safety_service.actions import exports as exporting
from safety_service.actions.words import Position, Word
from safety_service.domain.words import Found, KnownBy
from safety_service.store.retention import rule
from safety_service.store.tables.system import event_log
from tests.guidance.ageing import AGES, over, removed, seal
from tests.http import application, browsing, paired, serving, signed_in
from tests.world import MINUTE, World


@pytest.fixture
async def old_visit(world: World) -> Any:
    """A visit with an alert, long ago; and one to the same family now."""
    row = await world.inside()
    await world.do("Ann", words.ok, row.id, Word(note="a dog", position=Position(latitude=51.5, longitude=-0.1)))
    await world.later(60)
    alert = (await world.alert()).alert
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.OTHER, "her sister rang")
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    await over(world, world.ids["Mia"])
    await seal(world.database)
    world.clock.move(AGES)
    await world.plan("Ann", after=30)
    done = await removed(world.database)
    assert done["visits"] and done["alerts"] and done["evidence"] and done["notes"] and done["positions"]
    return row


async def test_the_alerts_page_says_so_and_its_timeline_tells_what_is_left(world: World, old_visit: Any) -> None:
    (row,) = await world.alerts()
    assert row.alert.visit_id == old_visit.id
    async with serving(application(world, web)) as base, browsing(base) as session:
        await signed_in(world, session, "Mia")
        async with session.get(f"/alerts/{row.alert.id}") as answer:
            page = await answer.text()
            assert answer.status == 200, page
    assert "has been removed: it is kept for 8 years" in page
    assert "Elm Row" not in page and "her sister" not in page
    told = await world.do("Mia", timeline.of_alert, row.alert.id)
    assert "a dog" not in told and "her sister" not in told and f"ALERT {row.alert.number}" in told


async def test_a_program_is_told_so(world: World, old_visit: Any) -> None:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        mia = await paired(world, session, "Mia")
        status, visit = await mia.get(f"/visits/{old_visit.id}")
        assert status == 200 and visit["removed"] is True
        assert (visit["purpose"], visit["address"]["text"], visit["plan"]) == ("", "", {})
        status, every = await mia.get("/visits")
        assert status == 200 and {each["removed"] for each in every["items"]} == {True, False}
        assert (await mia.get("/alerts"))[0] == 200


async def test_an_export_and_an_answer_to_the_family_say_what_is_removed_and_when(world: World, old_visit: Any) -> None:
    answer = await world.do("Mia", subject_access.preview, "F-1")
    said = answer.as_text()
    assert "What is older was removed: debriefs after 8 years" in said and "a dog" not in said
    async with world.database.reading() as tx:
        since, until = old_visit.visit.starts_at - MINUTE, old_visit.visit.ends_at + MINUTE
        table, _ = await exporting.gathered(tx, None, "visits", world.agency_id, since, until)
    (line,) = table.rows
    assert (line["id"], line["purpose"], line["status"]) == (str(old_visit.id), "", "closed")
    assert "Purposes and reasons are removed after 8 years." in table.notes


async def test_the_chain_of_the_evidence_holds_over_what_was_emptied_and_no_further(world: World) -> None:
    row = await world.inside()
    for word in (words.left, words.home):
        await world.do("Ann", word, row.id, Word())
    world.clock.move(MINUTE)
    async with world.database.transaction() as tx:
        assert await event_chain.extend(tx, 1000) > 1
    world.clock.move(AGES)
    done = await removed(world.database)
    assert done["evidence"] > 1 and await broken(world) == []
    await world.plan("Ben", ref="F-2")
    world.clock.move(MINUTE)
    async with world.database.transaction() as tx:
        await event_chain.extend(tx, 1000)
    assert await broken(world) == []
    async with world.database.transaction() as tx:
        by_hand = event_log.c.verb == "planned"
        await tx.conn.execute(update(event_log).where(by_hand).values(details=rule.nothing()))
    assert await broken(world) != [], "emptied, and retention says nothing of it"


async def broken(world: World) -> list[str]:
    """What is wrong with the chain, but for entries that no scheduler has linked in this test."""
    async with world.database.reading() as tx:
        walked = event_chain.verify(tx, event_chain.verifier_for(tx))
        return [each async for each in walked if "in no link yet" not in each and "beside the chain" not in each]
