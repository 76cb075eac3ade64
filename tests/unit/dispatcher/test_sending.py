"""Messages go out: each outcome has its consequence, and nothing is lost."""

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Refused, Unknown
from bots.dialogue.render import Rendered
from safety_service.actions import delivering
from safety_service.actions.telling import Priority
from safety_service.domain.words import Kind
from safety_service.store import alone, tallies
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway
from safety_service.store.hot import InProcessHot
from safety_service.store.outbox import Outgoing
from safety_service.store.tables.people import agency
from tests.patience import until
from tests.unit.dispatcher.provider import Provider, dispatching, is_in, rows, say
from tests.world import World


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


async def test_what_waits_for_our_own_pace_comes_again_and_is_no_failure(
    world: World, provider: Provider, counted: tallies.Tally
) -> None:
    provider.answers["chat-Mia"] = [Later(0.01, own=True)]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        world.clock.move(timedelta(seconds=1))
        await until(lambda: is_in(world, "sent", 2))
    assert counted.failures == {}
    assert provider.got("Mia") == ["alert.taken"]


async def test_a_dispatcher_that_keeps_to_its_share_alone_says_so(world: World, provider: Provider) -> None:
    async with dispatching(world, provider) as dispatcher:
        assert isinstance(world.database.hot, InProcessHot)
        for sharers in (0, 3):
            world.database.hot.apart = sharers
            await dispatcher.report()
            async with world.database.transaction() as tx:
                await alone.say(tx, "another that reaches Redis", 0)
                assert await alone.sharers(tx, timedelta(seconds=20)) == sharers
