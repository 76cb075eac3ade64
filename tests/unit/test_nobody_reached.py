"""An alert whose last rung nobody can be reached on: whoever else there is must hear that (P3, P4)."""

import pytest

from safety_service.actions import alerts
from safety_service.store import channels, exclusions, standing
from safety_service.store.database import Database
from tests.world import World, build


@pytest.fixture
async def world(database: Database) -> World:
    return await build(database)


async def test_when_nobody_who_is_called_has_a_channel_the_administrators_hear(world: World) -> None:
    async with world.database.transaction() as tx:
        await standing.remove(tx, world.agency_id, world.ids["Adam"])
        for name in ("Mia", "Dev"):
            await channels.end_all(tx, world.ids[name])
    await world.inside()
    await world.later(41)
    assert world.told("Adam", "alert.nobody"), "on duty are only people whom nothing reaches"
    alert = await world.alert()
    await world.do("Adam", alerts.take, alert.id)
    assert (await world.alert()).alert.owner_id == world.ids["Adam"]


async def test_an_administrator_who_is_kept_off_the_worker_does_not_hear_that_nobody_is_reached(world: World) -> None:
    async with world.database.transaction() as tx:
        await standing.remove(tx, world.agency_id, world.ids["Adam"])
        for name in ("Mia", "Dev"):
            await channels.end_all(tx, world.ids[name])
        await exclusions.add(
            tx, world.agency_id, world.ids["Adam"], worker_id=world.ids["Ann"], reason="was married", by=None
        )
    await world.inside()
    await world.later(41)
    assert world.told("Adam") == []
    assert world.ids["Adam"] not in (await world.alert()).alert.told


@pytest.mark.parametrize("kept_off", ["the worker", "the family"])
async def test_the_rung_of_somebody_who_is_kept_off_is_passed_and_they_hear_nothing(
    world: World, kept_off: str
) -> None:
    row = await world.inside()
    off = {"worker_id": world.ids["Ann"]} if kept_off == "the worker" else {"family_id": row.family_id}
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], **off, reason="was married", by=None)
    await world.later(36)
    assert world.told("Dev", "alarm."), "the next rung hears at once"
    await world.later(20)
    assert world.told("Mia") == []
