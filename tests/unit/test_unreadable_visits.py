"""A visit that no key opens keeps nothing new of its family from being recorded, and no other visit from being held."""

import logging

import pytest
from sqlalchemy import text

from safety_service.actions import raising
from safety_service.actions.catching_up import AGAIN, catch_up
from safety_service.domain.words import Risk, Status
from safety_service.store.visits import VisitRow
from tests.unit.test_unreadable_rows import spoil
from tests.world import World


async def unreadable(world: World, row: VisitRow | None = None) -> VisitRow:
    """A visit to F-1 whose address no key opens."""
    row = row or await world.plan("Dev", after=600, address="spoilt")
    same = f"'{row.id.hex if world.database.dialect == 'sqlite' else row.id}'"
    await spoil(world, f"UPDATE visit SET address = :spoilt WHERE id = {same}")
    return row


async def test_a_new_threat_is_recorded_and_tightens_the_running_visit_beside_one_that_no_key_opens(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await unreadable(world)
    running, to_come = await world.inside("Ann", minutes=120), await world.plan("Ben", after=300)
    with caplog.at_level(logging.ERROR):
        await world.do("Ann", raising.raise_risk, "F-1", "A friend moved in, just out of prison")
    after = await world.visit(running.id)
    assert after.visit.risk is Risk.HIGH
    (before,), (now,) = running.visit.watches, after.visit.watches
    assert now.interval < before.interval
    assert (await world.visit(to_come.id)).visit.status is Status.WAITING
    assert "is not held against its plan" in caplog.text
    await world.deliver()
    assert world.told("Mia", "plan.running")


async def test_of_a_new_threat_the_managers_hear_although_no_key_opens_the_visit_that_somebody_is_inside_of(
    world: World,
) -> None:
    await unreadable(world, await world.inside("Ann", minutes=120))
    await world.plan("Ben", after=300)
    await world.do("Ben", raising.raise_risk, "F-1", "A friend moved in, just out of prison")
    await world.deliver()
    assert [each.params["new"] for each in world.told("Mia", "plan.running")] == [
        "A friend moved in, just out of prison"
    ]


async def test_what_was_planned_meanwhile_is_caught_up_with_beside_one_that_no_key_opens(world: World) -> None:
    """The same page was taken again and again, and rolled back each time."""
    to_come = await world.plan("Ben", after=300)
    await world.do("Mia", raising.raise_risk, "F-1", "A friend moved in, just out of prison")
    await unreadable(world)
    async with world.database.transaction() as tx:
        # As if it had been planned while that was being written.
        await tx.conn.execute(text("UPDATE visit SET risk = 'low', status = 'planned' WHERE status = 'waiting'"))
    world.clock.move(AGAIN)
    async with world.database.transaction() as tx:
        assert await catch_up(tx, 20) == 2
    after = await world.visit(to_come.id)
    assert (after.visit.risk, after.visit.status) == (Risk.HIGH, Status.WAITING)
