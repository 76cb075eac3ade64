"""Messages go out: each outcome has its consequence, one receiver delays no other, and nothing is lost."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Refused, Sent, Unknown
from bots.dialogue.render import Rendered
from safety_service.actions import alerts, delivering
from safety_service.actions.telling import Priority, tell
from safety_service.domain.words import Found, Kind, KnownBy
from safety_service.store import tallies
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway
from safety_service.store.outbox import Outgoing
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.people import agency
from scheduler.dispatcher import Dispatcher
from tests.patience import until
from tests.world import World

Answer = Callable[[Outgoing], Outcome]


class Provider:
    """A channel that answers as told, or hangs until let go."""

    kind = "telegram"

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.outs: list[Outgoing] = []
        self.answers: dict[str, list[Outcome]] = {}
        self.hangs: dict[str, asyncio.Event] = {}

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        self.outs.append(out)
        if out.address in self.hangs:
            await self.hangs[out.address].wait()
        waiting = self.answers.get(out.address, [])
        outcome = waiting.pop(0) if waiting else Sent(str(len(self.taken)))
        if isinstance(outcome, Sent):
            self.taken.append((out.address, out.template))
            self.texts.append(rendered.text)
        return outcome

    def got(self, who: str) -> list[str]:
        return [template for address, template in self.taken if address == f"chat-{who}"]


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> tallies.Tally:
    fresh = tallies.Tally()
    monkeypatch.setattr(tallies, "HERE", fresh)
    return fresh


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is moved by hand, which wakes nobody."""
    monkeypatch.setattr("scheduler.dispatcher.IDLE", 0.02)


@contextlib.asynccontextmanager
async def dispatching(world: World, provider: Provider, **more: Any) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(world.database, [provider], holder="test", **more)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        for each in provider.hangs.values():
            each.set()
        dispatcher.stop()
        await asyncio.wait_for(task, 10)


async def say(world: World, who: str, template: str = "alert.taken", **more: Any) -> None:
    priority = more.pop("priority", Priority.NEWS)
    params = {"number": 7, "worker": "Ann", "owner": None, "at": world.now.isoformat(), "kind": "sos"}
    async with world.database.transaction() as tx:
        await tell(tx, [world.ids[who]], template, params, priority=priority, **more)


async def rows(world: World) -> list[Row[Any]]:
    async with world.database.reading() as tx:
        return list((await tx.conn.execute(select(outbox).order_by(outbox.c.id))).all())


async def is_in(world: World, state: str, attempts: int = 1) -> bool:
    return all(row.state == state and row.attempts == attempts for row in await rows(world))


async def test_what_is_put_in_goes_out_and_reaches(world: World, provider: Provider) -> None:
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    (row,) = await rows(world)
    assert provider.got("Mia") == ["alert.taken"]
    assert row.reached_at is not None
    assert row.provider_id == "0"


async def test_an_odd_row_ends_no_dispatching(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, odd = delivering.lease, [ValueError("a row that nobody foresaw")] * 2

    async def sometimes(*args: Any, **more: Any) -> list[Outgoing]:
        if odd:
            raise odd.pop()
        return await lease(*args, **more)

    monkeypatch.setattr(delivering, "lease", sometimes)
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(agency).values(timezone="Nowhere/Known"))
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    assert provider.got("Mia") == ["alert.taken"]


async def test_what_was_surely_not_sent_is_tried_again_after_a_wait(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [NotSent("no connection")]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        (row,) = await rows(world)
        assert timedelta() < row.not_before - world.now <= timedelta(seconds=1)
        world.clock.move(timedelta(seconds=1))
        await until(lambda: is_in(world, "sent", attempts=2))
    assert provider.texts[0].count("epeat") == 0


async def test_the_waits_grow_and_an_alarm_never_waits_longer_than_five_seconds(
    world: World, provider: Provider
) -> None:
    provider.answers["chat-Mia"] = [NotSent("no connection")] * 12
    async with dispatching(world, provider):
        await say(world, "Mia", priority=Priority.ALARM)
        for attempt in range(1, 13):
            await until(lambda attempt=attempt: is_in(world, "pending", attempt))  # type: ignore[misc]
            (row,) = await rows(world)
            assert row.not_before - world.now <= timedelta(seconds=min(5.0, 0.5 * 2 ** (attempt - 1)))
            world.clock.move(timedelta(seconds=5))
        await until(lambda: is_in(world, "sent", 13))


async def test_news_that_could_not_be_sent_for_half_a_day_is_given_up(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [NotSent("no connection")] * 2
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        world.clock.move(timedelta(hours=13))
        await until(lambda: is_in(world, "failed", 2))


async def test_a_flooded_chat_waits_as_long_as_it_was_told_to_and_no_other_does(
    world: World, provider: Provider
) -> None:
    provider.answers["chat-Mia"] = [Later(30.0)]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        assert (await rows(world))[0].not_before == world.now + timedelta(seconds=30)
        await say(world, "Dev")
        await until(lambda: provider.got("Dev"))
        world.clock.move(timedelta(seconds=30))
        await until(lambda: provider.got("Mia"))


async def test_a_channel_that_asked_for_a_pause_gets_it_but_an_alarm_still_asks(
    world: World, provider: Provider
) -> None:
    provider.answers["chat-Mia"] = [Later(3600.0, whole_channel=True)]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        await say(world, "Dev")
        await say(world, "Rita", priority=Priority.DANGER)
        await until(lambda: provider.got("Rita"))
    assert provider.got("Dev") == []


async def test_an_alarm_whose_fate_is_unknown_goes_out_again_marked_as_a_repeat(
    world: World, provider: Provider
) -> None:
    provider.answers["chat-Mia"] = [Unknown("no answer")]
    async with dispatching(world, provider):
        await say(world, "Mia", "alarm.sos", priority=Priority.ALARM)
        await until(lambda: is_in(world, "pending"))
        world.clock.move(timedelta(seconds=10))
        await until(lambda: is_in(world, "sent", 2))
    assert [out.maybe_sent for out in provider.outs] == [False, True]


async def test_news_whose_fate_is_unknown_is_not_said_twice(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [Unknown("no answer")]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    assert (await rows(world))[0].reached_at is None
    assert len(provider.outs) == 1


async def test_what_is_refused_is_not_sent_again(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [Refused("too long")]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "failed"))
    assert (await rows(world))[0].error == "too long"


async def test_a_blocked_bot_of_somebody_who_is_watched_is_an_alert(world: World, provider: Provider) -> None:
    await world.inside("Ann")
    await world.deliver()
    provider.answers["chat-Ann"] = [Blocked("blocked by the user")]
    async with dispatching(world, provider):
        await say(world, "Ann")
        await until(lambda: provider.got("Mia"))
    assert (await world.alert()).alert.kind is Kind.UNDELIVERABLE


async def test_a_sender_that_raises_leaves_the_outcome_unknown(world: World, provider: Provider) -> None:
    async def raising(out: Outgoing, rendered: Rendered) -> Outcome:
        raise ValueError("a fault in the sender")

    provider.send = raising  # type: ignore[method-assign]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    assert (await rows(world))[0].error == "ValueError"


async def test_a_receiver_that_hangs_delays_nobody_else(world: World, provider: Provider) -> None:
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider):
        await say(world, "Mia", priority=Priority.ALARM)
        await until(lambda: len(provider.outs) == 1)
        began = time.monotonic()
        for who in ("Dev", "Rita", "Adam", "Ann"):
            await say(world, who, priority=Priority.ALARM)
            await say(world, who)
        await until(lambda: len(provider.taken) == 8)
        assert time.monotonic() - began < 3
        assert provider.got("Mia") == []


async def test_a_receiver_that_never_answers_is_given_up_in_time(world: World, provider: Provider) -> None:
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider, within=0.1):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    assert "no answer within" in (await rows(world))[0].error


async def test_routine_that_hangs_cannot_fill_the_slots_of_an_alarm(world: World, provider: Provider) -> None:
    for who in world.ids:
        provider.hangs[f"chat-{who}"] = asyncio.Event()
    dispatcher_slots = 3
    async with dispatching(world, provider) as dispatcher:
        dispatcher._lanes[1].slots = dispatcher_slots
        for who in world.ids:
            await say(world, who)
        await until(lambda: len(provider.outs) == dispatcher_slots)
        provider.hangs.pop("chat-Mia").set()
        await say(world, "Mia", priority=Priority.ALARM)
        await until(lambda: provider.got("Mia"))


async def test_what_is_not_urgent_keeps_its_order_within_a_chat(world: World, provider: Provider) -> None:
    templates = [f"alert.{what}" for what in ("taken", "lapsed", "taken_over", "resolved")]
    for template in templates:
        await say(world, "Mia", template)
    provider.answers["chat-Mia"] = [NotSent("no connection")]
    async with dispatching(world, provider):
        await until(lambda: len(provider.outs) == 1)
        await until(lambda: is_in_order(world))
        world.clock.move(timedelta(seconds=2))
        await until(lambda: len(provider.taken) == len(templates))
    assert provider.got("Mia") == templates


async def is_in_order(world: World) -> bool:
    first, *others = await rows(world)
    return first.state == "pending" and first.attempts == 1 and all(row.attempts == 0 for row in others)


async def test_an_alarm_overtakes_what_waits_in_the_same_chat(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [Later(3600.0)]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        await say(world, "Mia", "alarm.sos", priority=Priority.DANGER)
        await until(lambda: provider.got("Mia") == ["alarm.sos"])


async def test_a_lease_of_a_dispatcher_that_died_runs_out_and_it_goes_out_as_a_repeat(
    world: World, provider: Provider
) -> None:
    dead = Provider()
    dead.hangs["chat-Mia"] = asyncio.Event()
    task = asyncio.create_task(Dispatcher(world.database, [dead], holder="dead").run())
    await say(world, "Mia", "alarm.sos", priority=Priority.ALARM)
    await until(lambda: dead.outs)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with dispatching(world, provider):
        await asyncio.sleep(0)
        assert provider.taken == []
        world.clock.move(timedelta(seconds=31))
        await until(lambda: provider.got("Mia"))
    assert provider.outs[0].maybe_sent


async def test_two_dispatchers_send_everything_once(world: World, provider: Provider) -> None:
    for who in world.ids:
        for _ in range(5):
            await say(world, who)
            await say(world, who, priority=Priority.ALARM)
    async with dispatching(world, provider), dispatching(world, provider):
        await until(lambda: is_in(world, "sent"))
    assert len(provider.taken) == 10 * len(world.ids)


async def test_a_database_that_is_away_when_it_is_written_down_is_waited_for(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.recorder.RETRY", 0.02)
    away = 2
    real = Database.transaction

    @contextlib.asynccontextmanager
    async def sometimes(self: Database) -> AsyncIterator[Any]:
        nonlocal away
        if provider.taken and away:
            away -= 1
            raise DatabaseAway("gone")
        async with real(self) as tx:
            yield tx

    monkeypatch.setattr(Database, "transaction", sometimes)
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    assert away == 0
    assert len(provider.taken) == 1


async def test_a_stop_waits_for_what_is_on_its_way(world: World, provider: Provider) -> None:
    provider.hangs["chat-Mia"] = asyncio.Event()
    dispatcher = Dispatcher(world.database, [provider], holder="test")
    task = asyncio.create_task(dispatcher.run())
    await say(world, "Mia")
    await until(lambda: provider.outs)
    dispatcher.stop()
    await say(world, "Dev")
    provider.hangs["chat-Mia"].set()
    await asyncio.wait_for(task, 10)
    assert [row.state for row in await rows(world)] == ["sent", "pending"]


async def test_what_was_taken_and_what_was_not_is_counted(
    world: World, provider: Provider, counted: tallies.Tally
) -> None:
    provider.answers["chat-Mia"] = [NotSent("no connection")]
    async with dispatching(world, provider):
        await say(world, "Mia", priority=Priority.ALARM, due_at=world.now - timedelta(seconds=4))
        await until(lambda: is_in(world, "pending"))
        world.clock.move(timedelta(seconds=1))
        await until(lambda: is_in(world, "sent", 2))
    await tallies.flush(world.database)
    await tallies.flush(world.database)
    async with world.database.reading() as tx:
        known = await tallies.sums(tx)
    assert known.failures == {"telegram": 1}
    assert (sum(known.deliveries["telegram|1"].buckets), known.deliveries["telegram|1"].total) == (1, 1.0)
    assert known.lateness.total == 5.0


async def test_a_channel_that_fails_for_everybody_is_one_alert_of_the_agency(world: World, provider: Provider) -> None:
    for who in world.ids:
        provider.answers[f"chat-{who}"] = [NotSent("no connection")] * 1000
        await say(world, who)
    async with dispatching(world, provider) as dispatcher:
        await until(lambda: all_tried(world))
        await dispatcher.report()
        assert await world.alerts() == []
        world.clock.move(timedelta(seconds=61))
        await dispatcher.report()
        await dispatcher.report()
    opened = (await world.alert()).alert
    assert (opened.kind, opened.worker_id, opened.visit_id) == (Kind.UNDELIVERABLE, None, None)


async def test_a_channel_that_still_takes_messages_of_others_does_not_fail(world: World, provider: Provider) -> None:
    for who in ("Mia", "Dev"):
        provider.answers[f"chat-{who}"] = [NotSent("no connection")] * 1000
        await say(world, who)
    async with dispatching(world, provider) as dispatcher:
        world.clock.move(timedelta(seconds=61))
        await say(world, "Rita")
        await until(lambda: provider.got("Rita"))
        await until(lambda: took_is_known(dispatcher))
        await dispatcher.report()
    assert await world.alerts() == []


def took_is_known(dispatcher: Dispatcher) -> bool:
    return "telegram" in dispatcher._took


async def test_one_chat_that_fails_is_not_the_channel(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [NotSent("no connection")] * 1000
    await say(world, "Mia")
    async with dispatching(world, provider) as dispatcher:
        world.clock.move(timedelta(seconds=61))
        await dispatcher.report()
    assert await world.alerts() == []


async def all_tried(world: World) -> bool:
    return all(each.error is not None for each in await rows(world))


async def test_after_an_hour_down_what_waits_is_old_and_no_outage(world: World, provider: Provider) -> None:
    for who in world.ids:
        await say(world, who)
    world.clock.move(timedelta(hours=1))
    await Dispatcher(world.database, [provider], holder="back again").report()
    assert await world.alerts() == []


async def test_an_outage_that_somebody_has_seen_is_not_told_again(world: World, provider: Provider) -> None:
    for who in world.ids:
        provider.answers[f"chat-{who}"] = [NotSent("no connection")] * 1000
        await say(world, who)
    async with dispatching(world, provider) as dispatcher:
        await until(lambda: all_tried(world))
        world.clock.move(timedelta(seconds=61))
        await dispatcher.report()
        opened = await world.alert()
        await world.do("Mia", alerts.take, opened.id)
        before = len(await rows(world))
        await dispatcher.report()
        assert len(await rows(world)) == before
        await world.do("Mia", alerts.resolve, opened.id, Found.FALSE_ALARM, KnownBy.OTHER, "the line is down")
        await dispatcher.report()
        assert len(await world.alerts()) == 1
        world.clock.move(timedelta(minutes=31))
        await dispatcher.report()
        assert len(await world.alerts()) == 2
