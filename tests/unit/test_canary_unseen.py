"""While a canary is out, and its alert open, nobody real sees, counts, finds or exports anything of it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from safety_service.actions import waking
from safety_service.actions.figures import figures, running
from safety_service.domain.canary import AGENCY, TEAM, WORKER
from safety_service.store import agencies, contents, day_sums, people, teams
from safety_service.store import canary as rows
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.people import agency
from safety_service.store.tables.visits import family
from scheduler.canary import Canary, Wanted
from tests.unit.test_every_route import OPEN, STREAMS, served
from tests.world import MINUTE, World

MARKS = re.compile(r"canary|00000000ca00\d|00000000-0000-7000-8000", re.IGNORECASE)
#: They speak of the service itself: when the last one came.
OF_THE_SERVICE = re.compile(r"^/(health|metrics)")


@pytest.fixture
async def loud(world: World) -> dict[str, UUID]:
    """A canary's alert is open, told to its people; the ids that somebody may try."""
    await Canary(world.database, Wanted(timedelta(hours=1)), "one").once()
    world.clock.move(6 * MINUTE)
    await world.sweep()
    async with world.database.reading() as tx:
        (visit_id,), (alert,) = await rows.visits(tx), await rows.open_alerts(tx)
        family_id = (await tx.conn.execute(select(family.c.id).where(family.c.agency_id == AGENCY))).scalar_one()
    return {"visit": visit_id, "alert": alert.id, "family": family_id, "person": WORKER, "team": TEAM}


@pytest.mark.parametrize("who", ["Ann", "Mia", "Rita", "Adam"])
async def test_no_page_and_no_list_has_a_word_of_it(world: World, loud: dict[str, UUID], who: str) -> None:
    wrong, seen = [], 0
    async with served(world, who) as (ways, browser):
        for way in ways:
            if way.method != "GET" or STREAMS.search(way.declared) or OF_THE_SERVICE.match(way.declared):
                continue
            if way.declared.startswith("/static") or OPEN.match(way.declared):
                continue
            tried = [way.path]
            if "{id}" in way.declared or "{team}" in way.declared:
                tried = [re.sub(r"\{(id|team)(:[^}]*)?\}", str(each), way.declared) for each in loud.values()]
                tried = [each for each in tried if "{" not in each]
            elif "{ref}" in way.declared:
                tried = [way.declared.replace("{ref}", "CANARY")]
                tried = [each for each in tried if "{" not in each]
            for path in tried:
                async with browser.get(path, allow_redirects=False) as answer:
                    body = await answer.text(errors="replace")
                    seen += answer.status == 200
                    if answer.status == 200 and (found := MARKS.findall(body)):
                        wrong.append(f"{way.asks}: {path}: {found[:3]}")
    assert not wrong, "\n".join(wrong)
    assert seen > 8


async def test_no_figure_of_the_service_counts_it(world: World, loud: dict[str, UUID]) -> None:
    async with world.database.reading() as tx:
        now, parts = await figures(tx), await running(tx, 0.0, hears=False)
    assert loud
    assert (now.watched, sum(now.alerts.values()), now.pending, parts.unowned) == (0, 0, [], 0.0)


async def test_nobody_who_looks_through_all_agencies_finds_it(world: World, loud: dict[str, UUID]) -> None:
    async with world.database.reading() as tx:
        name = (await tx.conn.execute(select(agency.c.name).where(agency.c.id == AGENCY))).scalar_one()
        assert [each.id for each in await agencies.every(tx)] == [world.agency_id]
        assert await agencies.by_name(tx, name) is None
        assert {each.id for each in await teams.every(tx)} == {world.team_id}
        assert {each.id for each in await people.every(tx)} == set(world.ids.values())
        assert await people.find(tx, None, "Canary") == []
        assert set(await day_sums.zones(tx)) == {world.team_id}
        counted = await tx.conn.run_sync(contents.contents)
    assert counted is not None
    assert counted.counts == {
        "agencies": 1,
        "people": len(world.ids),
        "watched": 0,
        "open alerts": 0,
        "messages waiting": 0,
        "words waiting": 0,
    }
    assert loud


async def test_where_there_is_nobody_else_a_copy_may_be_put_back(database: Database) -> None:
    await Canary(database, Wanted(timedelta(hours=1)), "one").once()
    async with database.reading() as tx:
        assert not await tx.conn.run_sync(contents.holds_anybody)


async def test_who_was_away_tells_nobody_real_of_it(world: World, loud: dict[str, UUID]) -> None:
    """Whoever tells everybody concerned, of every agency, has nobody of it to tell."""
    async with world.database.transaction() as tx:
        assert await waking.missing(tx) == []
        await waking.chase(tx, 20)
        told = select(outbox.c.template).where(outbox.c.agency_id == AGENCY, outbox.c.template.like("night.%"))
        assert (await tx.conn.execute(told)).all() == []
    assert loud
