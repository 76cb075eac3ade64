"""An alert whose last rung nobody can be reached on: whoever else there is must hear that (P3, P4)."""

import pytest

from safety_service.actions import alerts
from safety_service.store import channels, standing
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
