"""G19: what was recorded is removed by policy, never while it is held or open; and that it was removed is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from config.policy import PolicyError, parse_policy
from safety_service.actions import retention, reviews
from safety_service.actions.errors import NotFound
from safety_service.actions.housekeeping import tidy
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions
from safety_service.store.ids import new_id
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.learning import (
    debrief,
    debrief_addendum,
    debrief_behaviour,
    debrief_comment,
    debrief_word,
    item,
)
from safety_service.store.tables.plans import measure
from safety_service.store.tables.system import event_log
from tests.debriefs import given
from tests.world import World

YEARS = timedelta(days=2923)


async def tidied(world: World) -> dict[str, int]:
    async with world.database.transaction() as tx:
        return await tidy(tx)


async def count(world: World, table: Any) -> int:
    async with world.database.reading() as tx:
        return int((await tx.conn.execute(select(func.count()).select_from(table))).scalar_one())


async def old(world: World, who: str = "Ann", **more: Any) -> UUID:
    """A debrief with everything that can belong to one, of which nothing is open."""
    made = await given(world, who, answers={"happened": "He shouted"}, **more)
    await world.do("Mia", reviews.comment, made, "Well done")
    async with world.database.transaction() as tx:
        values = {"id": new_id(), "debrief_id": made, "by": world.ids[who], "at": tx.now, "text": "And then"}
        await tx.conn.execute(insert(debrief_addendum).values(values))
    return made


async def test_a_debrief_goes_with_all_that_belongs_to_it_when_its_time_is_over(world: World) -> None:
    await old(world)
    world.clock.move(YEARS - timedelta(days=2))
    assert (await tidied(world))["debriefs"] == 0
    world.clock.move(timedelta(days=2))
    assert (await tidied(world))["debriefs"] == 1
    tables = (debrief, debrief_behaviour, debrief_word, debrief_addendum, debrief_comment)
    assert [await count(world, each) for each in tables] == [0] * 5
    assert (await tidied(world))["debriefs"] == 0


async def test_a_younger_one_stays(world: World) -> None:
    await old(world)
    world.clock.move(YEARS)
    young = await given(world, "Ben", ref="F-2")
    await tidied(world)
    async with world.database.reading() as tx:
        assert (await tx.conn.execute(select(debrief.c.id))).scalars().all() == [young]


async def test_that_it_was_removed_is_kept_and_says_only_how_many(world: World) -> None:
    await old(world)
    world.clock.move(YEARS)
    await tidied(world)
    async with world.database.reading() as tx:
        query = select(event_log).where(event_log.c.verb == "removed", event_log.c.subject == "debriefs")
        (row,) = (await tx.conn.execute(query)).all()
    assert (row.actor_id, row.agency_id, row.details["count"]) == (None, world.agency_id, 1)


async def test_a_hold_keeps_a_familys_records_until_it_ends(world: World) -> None:
    await old(world)
    await old(world, "Ben", ref="F-2")
    await world.do("Mia", retention.hold, "f-1", "An inquiry")
    with pytest.raises(Refused, match="held_already"):
        await world.do("Dev", retention.hold, "F-1", "Another")
    assert [each.ref for each in await world.do("Dev", retention.held)] == ["F-1"]
    world.clock.move(YEARS)
    assert (await tidied(world))["debriefs"] == 1
    await world.do("Mia", retention.release, "F-1")
    with pytest.raises(Refused, match="not_held"):
        await world.do("Mia", retention.release, "F-1")
    assert (await tidied(world))["debriefs"] == 1
    assert await count(world, debrief) == 0


async def test_only_a_manager_of_the_family_who_says_why_holds_it(world: World) -> None:
    made = await given(world, "Ann")
    for who in ("Ann", "Rita"):
        with pytest.raises(Refused, match=r"managers_only|reason_for_opening"):
            await world.do(who, retention.hold, "F-1", "An inquiry")
    with pytest.raises(NotFound):
        await world.do("Adam", retention.hold, "F-1", "An inquiry")
    with pytest.raises(NotFound):
        await world.do("Mia", retention.hold, "F-9", "An inquiry")
    with pytest.raises(Refused, match="reason_wanted"):
        await world.do("Mia", retention.hold, "F-1", " ")
    await world.do("Dev", retention.hold, "F-1", "An inquiry")
    async with world.database.transaction() as tx:
        family = (await tx.conn.execute(select(debrief.c.family_id).where(debrief.c.id == made))).scalar_one()
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], family_id=family, reason="hers", by=None)
    with pytest.raises(NotFound):
        await world.do("Mia", retention.release, "F-1")
    assert await world.do("Mia", retention.held) == []


async def test_what_is_still_open_or_undecided_keeps_its_debrief(world: World) -> None:
    await given(world, "Ann", behaviours=["open_threat"], severity="high")
    assert await count(world, item) > 0 and await count(world, measure) > 0
    world.clock.move(YEARS)
    assert (await tidied(world))["debriefs"] == 0
    async with world.database.transaction() as tx:
        await tx.conn.execute(measure.update().values(state="lapsed", next_at=None))
    assert (await tidied(world))["debriefs"] == 0
    async with world.database.transaction() as tx:
        closed = {"closed_at": tx.now, "closed_by": world.ids["Mia"], "next_at": None}
        await tx.conn.execute(item.update().values(**closed))
    assert (await tidied(world))["debriefs"] == 0
    world.clock.move(YEARS)
    assert (await tidied(world))["debriefs"] == 1
    assert await count(world, measure) > 0


async def test_messages_go_and_those_of_alerts_stay(world: World) -> None:
    async with world.database.transaction() as tx:
        await tell(tx, [world.ids["Ann"]], "debrief.remind", {"ref": "F-1"}, priority=Priority.ROUTINE)
    await world.inside()
    await world.later(60)
    await world.do("Mia", retention.hold, "F-1", "An inquiry")
    before = await count(world, outbox)
    async with world.database.reading() as tx:
        query = select(func.count()).where(outbox.c.alert_id.is_(None), outbox.c.visit_id.is_(None))
        plain = (await tx.conn.execute(query)).scalar_one()
    assert plain
    world.clock.move(timedelta(days=367))
    assert (await tidied(world))["messages"] == plain
    assert await count(world, outbox) == before - plain


@pytest.mark.parametrize("name", ["debriefs", "messages"])
def test_no_policy_removes_anything_after_a_few_days(name: str) -> None:
    with pytest.raises(PolicyError, match="shorter than"):
        parse_policy(f'[retention]\n{name} = "9d"\n')
