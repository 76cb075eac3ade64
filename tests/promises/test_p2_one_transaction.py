"""P2: the alert and its messages are in the transaction that passes the deadline; one bad visit stops no other."""

import pytest

from safety_service.actions import cases, sweeping
from safety_service.domain import events as ev
from safety_service.store import outbox
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow
from tests.world import World


async def test_deadline_alert_and_messages_are_kept_together_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await world.inside()
    before = row.visit.watch(world.ids["Ann"])
    await world.jump(36)

    async def broken(*_args: object, **_more: object) -> None:
        raise ConnectionError("the line was cut")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "put", broken)
        with pytest.raises(ConnectionError):
            async with world.database.transaction() as tx:
                await cases.happen(tx, row, ev.DeadlinePassed(worker_id=world.ids["Ann"]))
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]) == before
    assert await world.alerts() == []
    await world.sweep()
    assert [each.template for each in await world.deliver()] == ["alarm.missed_check_in"]


async def test_a_visit_that_cannot_be_worked_on_is_told_as_unwatched_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = await world.inside("Ann")
    await world.inside("Ben", ref="F-2")
    await world.jump(36)
    happen = cases.happen

    async def sometimes(tx: Tx, row: VisitRow, event: ev.Event) -> VisitRow:
        after = await happen(tx, row, event)
        if row.id == poisoned.id:
            raise ValueError("a row that nobody foresaw")
        return after

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "happen", sometimes)
        await world.sweep()
    kinds = {world.name(each.alert.worker_id): each.alert.kind for each in await world.alerts()}
    assert kinds == {"Ann": "unwatched", "Ben": "missed_check_in"}
    assert {each.template for each in await world.deliver()} == {"alarm.unwatched", "alarm.missed_check_in"}
    await world.later(1.25)
    kinds_now = sorted(each.alert.kind for each in await world.alerts())
    assert kinds_now == ["missed_check_in", "missed_check_in", "unwatched"], "a minute later it is tried again"


async def test_two_sweeps_at_once_open_one_alert(world: World) -> None:
    import asyncio

    await world.inside()
    await world.jump(36)
    await asyncio.gather(world.sweep(), world.sweep())
    await world.alert()
    assert len(await world.deliver()) == 1
