"""Which messages are taken next: the most urgent, none whose time is over, and without reading all that waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from safety_service.actions import delivering
from safety_service.actions.telling import Priority, tell
from safety_service.store import alone, leases, outbox, presence
from safety_service.store.database import Tx
from safety_service.store.outbox import Outgoing
from safety_service.store.tables.alerts import outbox as table
from tests.world import MINUTE, World

#: What is asked of every message and of every alert in a storm: which are next, which are stale, is it still there.
HURRIED = {
    "ix_outbox_pending": "SELECT id FROM outbox WHERE state = 'pending' AND priority BETWEEN 1 AND 1 "
    "ORDER BY priority, not_before, id LIMIT 50",
    "ix_outbox_expires": "SELECT id FROM outbox WHERE state = 'pending' AND expires_at <= '2026-11-22 12:00:00'",
    "ix_outbox_leased": "SELECT id FROM outbox WHERE state = 'sending' AND lease_until <= '2026-11-22 12:00:00'",
}


async def leased(tx: Tx, least: Priority, most: Priority, limit: int = 10) -> list[Outgoing]:
    """What the lane for these priorities takes."""
    return await delivering.lease(tx, ["telegram"], limit, "test", MINUTE, least=least, most=most)


async def states(world: World) -> dict[str, str]:
    """Template → state of every message."""
    async with world.database.reading() as tx:
        return {row.template: row.state for row in await tx.conn.execute(select(table.c.template, table.c.state))}


async def test_a_reminder_whose_time_is_over_is_sent_by_no_lane_and_its_row_says_so(world: World) -> None:
    async with world.database.transaction() as tx:
        mia = [world.ids["Mia"]]
        await tell(tx, mia, "duty.ended", {}, priority=Priority.ALARM, expires_at=world.now + MINUTE)
    world.clock.move(2 * MINUTE)
    async with world.database.transaction() as tx:
        assert await leased(tx, Priority.ALARM, Priority.ALARM) == []
    async with world.database.transaction() as tx:
        assert await leased(tx, Priority.QUESTION, Priority.ROUTINE) == []
    assert await states(world) == {"duty.ended": "dropped"}


async def test_what_a_lost_sender_held_and_what_is_new_are_taken_together_the_most_urgent_first(world: World) -> None:
    everybody = [world.ids[name] for name in ("Mia", "Dev")]
    async with world.database.transaction() as tx:
        await tell(tx, everybody, "duty.ended", {}, priority=Priority.NEWS)
        assert len(await outbox.lease(tx, ["telegram"], 10, "lost", MINUTE, most=9)) == 2
    world.clock.move(MINUTE + timedelta(seconds=1))
    async with world.database.transaction() as tx:
        await tell(tx, everybody, "duty.begins", {}, priority=Priority.ALARM)
        taken = await leased(tx, Priority.DANGER, Priority.ROUTINE, limit=3)
        assert [(each.template, each.maybe_sent) for each in taken] == [
            ("duty.begins", False),
            ("duty.begins", False),
            ("duty.ended", True),
        ]


@pytest.mark.parametrize("index", HURRIED)
async def test_in_a_new_database_nothing_that_is_in_a_hurry_reads_a_whole_table(world: World, index: str) -> None:
    """The plan that PostgreSQL makes for an empty table is kept, and used when ten thousand wait in it."""
    async with world.database.reading() as tx:
        explain = "EXPLAIN" if tx.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row) for row in await tx.conn.execute(text(f"{explain} {HURRIED[index]}")))
    assert index in plan, plan
    assert "Seq Scan" not in plan


async def test_a_host_with_the_longest_name_that_there_is_leases_and_lets_go(world: World) -> None:
    """PostgreSQL refused the holder of a host with more than 48 letters, and no message ever left it."""
    hosts = [f"{'h' * 253}:4711:{each * 8}" for each in "ab"]
    async with world.database.transaction() as tx:
        await tell(tx, [world.ids["Mia"]], "duty.ended", {}, priority=Priority.NEWS)
        assert len(await outbox.lease(tx, ["telegram"], 10, hosts[0], MINUTE, most=9)) == 1
        assert [await leases.hold(tx, "tidy", each, MINUTE) for each in hosts] == [True, False]
        await leases.let_go(tx, "tidy", hosts[0])
        assert await leases.hold(tx, "tidy", hosts[1], MINUTE)
        await leases.let_go_all(tx, hosts[1])
        assert await leases.hold(tx, "tidy", hosts[0], MINUTE)
        for each in hosts:
            await presence.here(tx, ["scheduler"], each)
            await alone.say(tx, each, 1)
