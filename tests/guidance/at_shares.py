"""What is shared with other agencies: proposed after a visit, decided, opened and acknowledged by its link."""

from typing import Any

from safety_service.actions import acknowledging, sharing, warning
from safety_service.actions.sharing import Decision, Seen
from safety_service.domain.sharing import Basis, Decided
from safety_service.store import shares
from safety_service.store.shares import Share
from safety_service.store.visits import VisitRow
from tests.guidance.around import agency_at, told
from tests.world import World

SHARE = Decision(decided=Decided.SHARE, basis=Basis.PROTECT_WORKER, reason="They go there alone on Thursday")


WITHHOLD = Decision(decided=Decided.WITHHOLD, reason="They have stopped going")


async def all_of(world: World, row: VisitRow) -> list[Share]:
    async with world.database.reading() as tx:
        return await shares.of_family(tx, row.family_id)


async def proposed(world: World, row: VisitRow, **more: Any) -> Share:
    await agency_at(world, row.family_id, **more)
    await told(world, row, warning.follow)
    (one,) = await all_of(world, row)
    return one


async def sent(world: World, row: VisitRow) -> Seen:
    return await world.do("Mia", sharing.decide, (await proposed(world, row)).id, SHARE)


async def opened(world: World, token: str) -> acknowledging.Opened:
    async with world.database.transaction() as tx:
        return await acknowledging.open_link(tx, token)


async def acknowledged(world: World, token: str, name: str = "Jo Field") -> acknowledging.Opened:
    async with world.database.transaction() as tx:
        return await acknowledging.acknowledge(tx, token, name)
