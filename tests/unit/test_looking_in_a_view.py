"""Pages only look: nobody who writes waits for them, and who read what is kept before anybody sees it."""

from contextlib import AsyncExitStack, suppress
from uuid import UUID

import pytest
from sqlalchemy import select

from safety_service.domain.refusal import Refused
from safety_service.store import events, stamps, visits
from safety_service.store.database import Tx
from safety_service.store.tables.system import event_log
from safety_service.transact import in_view
from tests.unit.test_web_alert import Desk
from tests.world import World


async def read_by(tx: Tx, world: World, who: str) -> None:
    """It is kept that this person read something."""
    of = world.ids[who]
    await events.log(tx, agency_id=world.agency_id, actor_id=of, verb="read", subject="test", subject_id=of)


async def kept(world: World) -> list[UUID]:
    """Whose reading is in the log."""
    async with world.database.reading() as tx:
        of = select(event_log.c.actor_id).where(event_log.c.verb == "read", event_log.c.subject == "test")
        return list((await tx.conn.execute(of)).scalars())


async def test_nobody_who_writes_waits_for_a_page(world: World) -> None:
    async def reading(tx: Tx) -> str:
        async with world.database.transaction() as other:
            await stamps.stamp(other, "meanwhile")
        await read_by(tx, world, "Mia")
        return "found"

    assert await in_view(world.database, reading) == "found"
    assert await kept(world) == [world.ids["Mia"]]


async def test_what_somebody_may_change_is_looked_at_without_a_lock(world: World) -> None:
    row = await world.plan("Ann", after=60)
    async with world.database.transaction() as tx:
        await visits.load(tx, row.id, lock=True)
        found = await in_view(world.database, lambda view: visits.load(view, row.id, lock=True))
    assert found is not None and found.id == row.id


async def test_what_cannot_be_kept_is_not_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def reading(tx: Tx) -> str:
        await read_by(tx, world, "Mia")
        monkeypatch.setattr(type(world.database), "transaction", _full)
        return "found"

    with pytest.raises(OSError, match="full"):
        await in_view(world.database, reading)


def _full(_: object) -> None:
    raise OSError("the disk is full")


async def test_what_was_read_in_vain_is_not_kept_as_read(world: World) -> None:
    async def reading(tx: Tx) -> None:
        await read_by(tx, world, "Mia")
        with suppress(Refused):
            async with tx.savepoint():
                await read_by(tx, world, "Ann")
                raise Refused("managers_only")

    await in_view(world.database, reading)
    assert await kept(world) == [world.ids["Mia"]]


async def test_a_page_of_which_nothing_is_kept_waits_for_nobody(world: World) -> None:
    async with AsyncExitStack() as stack:
        desk = Desk(world, stack)
        await desk.serve()
        mia = await desk.browser("Mia")
        async with world.database.transaction() as tx:
            await stamps.stamp(tx, "meanwhile")
            for path in ("/alerts", "/rota", "/duty", "/proposals"):  # of which nobody keeps who read them
                async with mia.get(path) as answer:
                    assert answer.status == 200, path
