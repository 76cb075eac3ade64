"""Tidying up: in small transactions, one process at a time; a rule that fails stops no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from safety_service.actions import removing
from safety_service.store import leases
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.retention import RULES
from safety_service.store.tables.chat import inbox
from safety_service.store.tables.system import event_log
from scheduler import tidier
from scheduler.tidier import Tidier
from tests.guidance.ageing import AGES
from tests.world import World


async def heard(world: World, count: int) -> None:
    """So many words that came in and were acted on."""
    async with world.database.transaction() as tx:
        rows = [
            {
                "id": new_id(),
                "channel": "telegram",
                "provider_id": str(number),
                "chat_index": "x",
                "person_id": world.ids["Ann"],
                "received_at": tx.now,
                "said_at": tx.now,
                "payload": {"text": "ok"},
                "state": "handled",
                "handled_at": tx.now,
            }
            for number in range(count)
        ]
        await tx.conn.execute(inbox.insert(), rows)


async def a_day_later(world: World) -> None:
    """The clock goes on evenly, hour by hour, looked at by nobody but the one who asks whether it does."""
    for _ in range(25):
        async with world.database.transaction() as tx:
            await removing.settled(tx)
        world.clock.move(timedelta(hours=1))


async def left(world: World) -> int:
    async with world.database.reading() as tx:
        return int((await tx.conn.execute(select(func.count()).select_from(inbox))).scalar_one())


async def test_batch_after_batch_each_in_a_transaction_of_its_own(world: World, monkeypatch: Any) -> None:
    await heard(world, 7)
    world.clock.move(AGES)
    await a_day_later(world)
    batches: list[int] = []
    few = tuple(replace(rule, at_once=3) for rule in RULES if rule.name == "heard")
    remove = removing.remove

    async def counted(tx: Tx, rule: Any, ids: Sequence[UUID]) -> int:
        batches.append(len(ids))
        return await remove(tx, rule, ids)

    monkeypatch.setattr(tidier, "RULES", few)
    monkeypatch.setattr(removing, "remove", counted)
    await Tidier(world.database, "one").once()
    assert batches == [3, 3, 1]
    assert await left(world) == 0
    async with world.database.reading() as tx:
        kept = select(event_log).where(event_log.c.verb == "removed", event_log.c.subject == "heard")
        rows = (await tx.conn.execute(kept.order_by(event_log.c.id))).all()
    assert [(each.agency_id, each.details["count"]) for each in rows] == [(world.agency_id, n) for n in (3, 3, 1)]


async def test_one_process_does_it(world: World) -> None:
    await Tidier(world.database, "another").once()
    await heard(world, 1)
    world.clock.move(AGES)
    await a_day_later(world)
    async with world.database.transaction() as tx:
        assert await leases.hold(tx, "tidy", "another", tidier.EVERY)
    await Tidier(world.database, "one").once()
    assert await left(world) == 1


async def test_a_rule_that_fails_is_loud_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await heard(world, 1)
    world.clock.move(AGES)
    await a_day_later(world)

    async def fails(_tx: Tx, _before: Any) -> Any:
        raise ValueError("a query that cannot be asked")

    first = replace(RULES[0], old=fails)
    monkeypatch.setattr(tidier, "RULES", (first, *RULES[1:]))
    await Tidier(world.database, "one").once()
    assert await left(world) == 0
    assert f"retention did not get through: {first.name}" in caplog.text


async def test_it_looks_without_writing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking through years of rows takes a while: nobody who speaks may wait for that."""
    await heard(world, 1)
    world.clock.move(AGES)
    await a_day_later(world)
    looked: list[bool] = []
    found = removing.old

    async def seen(tx: Tx, rule: Any) -> list[UUID]:
        if world.database.dialect == "sqlite":
            looked.append(world.database._writing is None)
        return await found(tx, rule)

    monkeypatch.setattr(removing, "old", seen)
    await Tidier(world.database, "one").once()
    assert all(looked) and await left(world) == 0


@pytest.mark.parametrize("back", [timedelta(days=3000), timedelta(days=-1)], ids=["years ahead", "a day back"])
async def test_a_clock_that_jumped_removes_nothing_until_it_has_gone_on_for_a_day(
    world: World, back: timedelta
) -> None:
    await heard(world, 1)
    world.clock.move(timedelta(days=100) if back < timedelta() else timedelta())
    await a_day_later(world)
    world.clock.move(back)
    for hour in range(26):
        await Tidier(world.database, "one").once()
        assert await left(world) == (1 if hour < 24 else 0), hour
        world.clock.move(timedelta(hours=1))
