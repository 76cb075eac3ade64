"""What became of messages is written down soon, whoever else holds what an alert, a person or a row needs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest
from sqlalchemy import select

from bots.delivery.outcome import Blocked, NotSent, Refused
from safety_service.actions import alerts as handling
from safety_service.actions import delivering
from safety_service.actions.telling import Priority
from safety_service.domain.alert import Doing
from safety_service.store import alerts, outbox_became
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from safety_service.store.outbox import Outgoing
from safety_service.store.outbox_became import Became
from safety_service.store.tables.people import channel
from tests.patience import until
from tests.unit.dispatcher.provider import Provider, dispatching, rows, say
from tests.unit.dispatcher.test_bundling import MORE_THAN, alarm
from tests.world import World

#: Less than anybody is waited for, and than a lock is waited for.
SOON = 5.0


async def became(world: World, who: str, template: str = "") -> list[str]:
    """The states of the messages to this person."""
    mine = [row for row in await rows(world) if row.person_id == world.ids[who]]
    return [row.state for row in mine if row.template.startswith(template)]


async def to_be_refused(world: World, provider: Provider) -> AlertRow:
    """An alert whose alarm the manager's chat will not take."""
    await world.inside()
    await world.deliver()
    await world.jump(41)
    await world.sweep()
    provider.answers["chat-Mia"] = [Refused("too long")]
    return await world.alert()


async def test_somebody_in_the_middle_of_i_have_it_keeps_nothing_from_being_written_down(
    world: World, provider: Provider
) -> None:
    """A refused alarm waited for the alert, and a taken SOS behind it: it was not reached, and climbed."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    alert = await to_be_refused(world, provider)
    async with world.database.transaction() as slow:
        await alerts.load(slow, alert.id, lock=True)
        async with dispatching(world, provider):
            await until(lambda: written(world, "Mia", "alarm.", "failed"), within=SOON)
            await say(world, "Dev", "alarm.sos", priority=Priority.DANGER)
            await say(world, "Rita", priority=Priority.ALARM)
            await until(lambda: written(world, "Dev", "alarm.sos", "sent"), within=SOON)
            await until(lambda: written(world, "Rita", "", "sent"), within=SOON)


async def written(world: World, who: str, template: str, state: str) -> bool:
    return set(await became(world, who, template)) == {state}


async def test_an_alert_that_somebody_had_in_hand_climbs_when_they_let_go(world: World, provider: Provider) -> None:
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    alert = await to_be_refused(world, provider)
    async with dispatching(world, provider):
        async with world.database.transaction() as slow:
            await alerts.load(slow, alert.id, lock=True)
            await until(lambda: written(world, "Mia", "alarm.", "failed"), within=SOON)
        await until(lambda: climbs(world), within=SOON)
        await world.sweep()
        await until(lambda: "alarm.missed_check_in" in provider.got("Dev"))


async def climbs(world: World) -> bool:
    return (await world.alert()).alert.reach_by == world.now


async def test_a_shut_chat_whose_owner_is_held_keeps_no_other_waiting(world: World, provider: Provider) -> None:
    """What Mia had taken begins to lapse with her chat; somebody holds it for a while."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    (alert,) = await alarm(world, 1)
    await world.do("Mia", handling.take, alert.id)
    await world.deliver()
    provider.answers["chat-Mia"] = [Blocked("blocked by the user")]
    provider.answers["chat-Rita"] = [Refused("too long")]
    async with dispatching(world, provider):
        async with world.database.transaction() as slow:
            await alerts.load(slow, alert.id, lock=True)
            await say(world, "Mia")
            await until(lambda: bool(provider.outs))
            for who in ("Dev", "Rita"):
                await say(world, who)
            await until(lambda: written(world, "Dev", "alert.taken", "sent"), within=SOON)
            await until(lambda: written(world, "Rita", "", "failed"), within=SOON)
            assert "failed" not in await became(world, "Mia")
        await until(lambda: lapsed(world))
    async with world.database.reading() as tx:
        chat = (
            await tx.conn.execute(select(channel.c.state).where(channel.c.address_index == tx.blind("chat-Mia")))
        ).one()
    assert chat.state == "blocked"


async def lapsed(world: World) -> bool:
    return (await world.alert()).alert.doing is Doing.REPLY


async def test_one_that_the_database_is_too_busy_for_is_put_back_and_the_others_are_written(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.recorder.RETRY", 0.02)
    sent, busy = delivering.sent, {world.ids["Mia"]}

    async def sometimes(tx: Tx, taken: Collection[tuple[Outgoing, str | None]]) -> None:
        if busy & {out.person_id for out, _ in taken}:
            raise TryAgain("the database is busy with others")
        await sent(tx, taken)

    monkeypatch.setattr(delivering, "sent", sometimes)
    everybody = ("Mia", "Dev", "Rita", "Adam")
    for who in everybody:
        provider.hangs[f"chat-{who}"] = asyncio.Event()
        await say(world, who)
    async with dispatching(world, provider):
        await until(lambda: len(provider.outs) == len(everybody))
        for each in provider.hangs.values():
            each.set()
        await until(lambda: others_are_written(world))
        assert await became(world, "Mia") == ["sending"]
        busy.clear()
        await until(lambda: written(world, "Mia", "", "sent"))
    assert len(provider.outs) == len(everybody), "none went out twice"


async def others_are_written(world: World) -> bool:
    return all([await written(world, who, "", "sent") for who in ("Dev", "Rita", "Adam")])


async def test_what_became_of_a_bundle_is_written_down_at_once(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once: list[int] = []
    record_all = outbox_became.record_all

    async def counted(tx: Tx, became: Collection[Became]) -> None:
        at_once.append(len(became))
        await record_all(tx, became)

    monkeypatch.setattr(outbox_became, "record_all", counted)
    provider.answers["chat-Mia"] = [NotSent("no connection")] * 100
    await alarm(world, 20)
    async with dispatching(world, provider):
        await until(lambda: waits_again(world, 20))
    assert max(at_once) >= 20 - MORE_THAN, at_once


async def waits_again(world: World, many: int) -> bool:
    alarms = [row for row in await rows(world) if row.template.startswith("alarm.") and row.error == "no connection"]
    return len(alarms) == many and all(row.state == "pending" and row.not_before > world.now for row in alarms)
