"""Two editions of the policy in the same moment: the second is measured against the first, and overwrites nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from safety_service.actions import policies
from safety_service.actions.actor import Actor
from safety_service.actions.policies import Applied
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import people, policy_offers
from safety_service.store import policies as editions
from safety_service.store.database import Database, Tx
from tests.world import World, build

TIGHT = '[risk.high]\ngrace = "2m"\n'
#: Loosens nothing of what was shipped, and takes back what `TIGHT` made stricter.
OTHERWISE = '[risk.low]\ngrace = "9m"\n'
LOOSE = '[risk.high]\ngrace = "6m"\n'
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
async def world(database: Database) -> World:
    """Adam and Eve administer."""
    world = await build(database)
    async with database.transaction() as tx:
        world.ids["Eve"] = (await people.add(tx, world.agency_id, "Eve", email="eve@example.org")).id
        await people.set_roles(tx, world.ids["Eve"], world.team_id, frozenset({Role.ADMINISTRATOR}))
    return world


async def second_waits(world: World, first: Tx) -> None:
    """On SQLite it waits for its turn to begin at all."""
    while world.database.dialect == "postgresql" and not (await first.conn.execute(_WAITING)).scalar():
        await asyncio.sleep(0.01)


async def otherwise(tx: Tx, eve: Actor) -> Applied:
    return await policies.apply(tx, eve, OTHERWISE, who="Eve", why="quieter")


async def grace(world: World) -> float:
    world.database.shelf.forget()
    async with world.database.reading() as tx:
        return (await tx.policy()).risk.high.grace / timedelta(minutes=1)


async def test_what_loosens_an_edition_of_the_same_moment_waits_for_a_second_administrator(world: World) -> None:
    async with asyncio.timeout(20), world.database.transaction() as first:
        adam = await world.actor(first, "Adam")
        await policies.apply(first, adam, TIGHT, who="Adam", why="winter")
        second = asyncio.create_task(world.do("Eve", otherwise))
        await second_waits(world, first)
    applied = await second
    assert applied.offer is not None and applied.loosens == ("risk.high.grace: 2m → 3m",)
    assert await grace(world) == 2


async def test_an_edition_of_the_same_moment_is_not_overwritten_by_what_is_agreed_to(world: World) -> None:
    async with world.database.transaction() as tx:
        offer = await policy_offers.put(
            tx, LOOSE, "winter", "Adam", world.ids["Adam"], after=1, loosens=("x",), for_=timedelta(days=7)
        )
    async with asyncio.timeout(20), world.database.transaction() as first:
        eve = await world.actor(first, "Eve")
        # Of an offer made in this same moment it would not know.
        await editions.hold(first)
        await editions.apply(first, TIGHT, eve.name, "winter")
        second = asyncio.create_task(world.do("Eve", policies.agree, offer.id))
        await second_waits(world, first)
    with pytest.raises(Refused, match="policy_offer_gone"):
        await second
    assert await grace(world) == 2
