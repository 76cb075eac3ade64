"""Hot state: heard at once, shared through Redis, and nothing lost but speed when Redis is away."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import redis

from safety_service.store import hot as hot_module
from safety_service.store.hot import BACKLOG, Event, Hot, InProcessHot, RedisHot
from tests.patience import until
from tests.services.between import Between, between
from tests.services.redis import RedisServer

MINUTE = timedelta(minutes=1)


async def next_of(events: AsyncIterator[Event]) -> Event:
    return await asyncio.wait_for(anext(events), 5)


@pytest.fixture(params=["in process", "redis"])
async def hot(request: pytest.FixtureRequest) -> AsyncIterator[Hot]:
    made = InProcessHot() if request.param == "in process" else RedisHot(request.getfixturevalue("redis_url"))
    yield made
    await made.close()


async def test_a_subscriber_hears_its_topics_and_no_others(hot: Hot) -> None:
    async with hot.subscribe("sweep", "person:7") as events:
        await hot.publish("outbox")
        await hot.publish("person:7", {"id": "a"})
        await hot.publish("sweep")
        assert await next_of(events) == ("person:7", {"id": "a"})
        assert await next_of(events) == ("sweep", {})


async def test_every_subscriber_hears_once(hot: Hot) -> None:
    async with hot.subscribe("sweep") as one, hot.subscribe("sweep") as other:
        await hot.publish("sweep", {"n": 1})
        await hot.publish("sweep", {"n": 2})
        for events in (one, other):
            assert [(await next_of(events))[1]["n"] for _ in range(2)] == [1, 2]


async def test_who_left_is_no_longer_told(hot: Hot) -> None:
    async with hot.subscribe("sweep"):
        pass
    await hot.publish("sweep")


async def test_who_does_not_listen_loses_the_oldest_and_holds_nobody_up(hot: Hot) -> None:
    async with hot.subscribe("sweep") as events:
        for n in range(BACKLOG + 3):
            await hot.publish("sweep", {"n": n})
        assert (await next_of(events))[1] == {"n": 3}


async def test_what_was_put_is_kept_for_its_time(hot: Hot) -> None:
    await hot.put("at:1", {"latitude": 51.5}, MINUTE)
    await hot.put("at:2", {"latitude": 51.6}, timedelta(milliseconds=1))
    assert await hot.get("at:1") == {"latitude": 51.5}
    assert await hot.get("at:3") is None
    end = time.monotonic() + 5
    while await hot.get("at:2"):
        assert time.monotonic() < end


async def test_counting_throttles_each_key_apart(hot: Hot) -> None:
    assert [await hot.count("sign-in:a", MINUTE) for _ in range(3)] == [1, 2, 3]
    assert await hot.count("sign-in:b", MINUTE) == 1


async def test_counting_begins_again_after_its_time(hot: Hot) -> None:
    end = time.monotonic() + 5
    counts = [await hot.count("sign-in:a", timedelta(milliseconds=50))]
    while len(counts) < 2 or counts[-1] != 1:
        counts.append(await hot.count("sign-in:a", timedelta(milliseconds=50)))
        assert time.monotonic() < end


@pytest.fixture
async def two(redis_url: str) -> AsyncIterator[tuple[RedisHot, RedisHot]]:
    """As two processes have it."""
    here, there = RedisHot(redis_url), RedisHot(redis_url)
    yield here, there
    await here.close()
    await there.close()


async def test_processes_hear_one_another(two: tuple[RedisHot, RedisHot]) -> None:
    here, there = two
    async with here.subscribe("sweep") as ours, there.subscribe("sweep") as theirs:
        await here.publish("sweep", {"n": 1})
        assert await next_of(theirs) == ("sweep", {"n": 1})
        await there.publish("sweep", {"n": 2})
        assert [(await next_of(ours))[1]["n"] for _ in range(2)] == [1, 2]
    await here.put("at:1", {"latitude": 51.5}, MINUTE)
    assert await there.get("at:1") == {"latitude": 51.5}
    assert [await each.count("x", MINUTE) for each in (here, there, here)] == [1, 2, 3]


async def test_a_process_hears_nothing_that_nobody_in_it_waits_for(
    redis_server: RedisServer, two: tuple[RedisHot, RedisHot]
) -> None:
    here, _there = two
    async with here.subscribe("sweep"):
        with redis.Redis(port=redis_server.port) as somebody:
            assert [somebody.publish(f"doorstep:{each}", b"{}") for each in ("board:7", "outbox", "sweep")] == [0, 0, 1]
            async with here.subscribe("board:7"):
                assert somebody.publish("doorstep:board:7", b"{}") == 1
                assert somebody.publish("doorstep:outbox", b"{}") == 0


@pytest.mark.parametrize("known", [False, True])
async def test_who_asks_for_more_while_redis_is_away_hears_it_when_it_is_back(
    redis_server: RedisServer, two: tuple[RedisHot, RedisHot], monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """`known`: that it is away. Whoever began then was never asked for, and heard nothing for good."""
    monkeypatch.setattr(hot_module, "PAUSE", 0.05)
    here, there = two
    async with there.subscribe("sweep"):
        redis_server.stop()
        if known:
            await until(lambda: there.apart)
        async with there.subscribe("board:7") as events:
            redis_server.start()
            await heard_from(here, "board:7", events)


async def test_who_begins_while_redis_is_slow_is_asked_for_on_the_line_that_stayed(
    two: tuple[RedisHot, RedisHot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_module, "QUIET", 0.2)
    here, there = two
    async with there.subscribe("sweep"):
        there._is_lost(TimeoutError())
        async with there.subscribe("board:7") as events:
            await heard_from(here, "board:7", events)


async def test_who_begins_next_is_heard_at_once_where_another_began_while_redis_was_slow(
    two: tuple[RedisHot, RedisHot],
) -> None:
    here, there = two
    async with there.subscribe("sweep"):
        there._is_lost(TimeoutError())
        async with there.subscribe("board:7"):
            there._is_back()
            async with there.subscribe("board:8") as events:
                await here.publish("board:8")
                assert await asyncio.wait_for(anext(events), 2) == ("board:8", {})


async def heard_from(speaker: RedisHot, topic: str, events: AsyncIterator[Event]) -> None:
    """It says this again and again, until it is heard."""
    heard = asyncio.ensure_future(next_of(events))
    while not heard.done():
        await speaker.publish(topic)
        await asyncio.wait([heard], timeout=0.05)
    assert heard.result() == (topic, {})


async def test_what_is_said_twice_in_one_breath_is_heard_at_least_once_and_nothing_else_is_lost(
    two: tuple[RedisHot, RedisHot],
) -> None:
    here, there = two
    async with there.subscribe("sweep", "outbox") as events:
        for _ in range(50):
            await here.publish("sweep")
        await here.publish("outbox", {"n": 1})
        heard = [await next_of(events)]
        while heard[-1][0] != "outbox":
            heard.append(await next_of(events))
        assert ("sweep", {}) in heard
        assert len(heard) < 50


async def test_an_event_that_cannot_be_read_does_not_deafen(
    redis_server: RedisServer, two: tuple[RedisHot, RedisHot]
) -> None:
    here, there = two
    async with there.subscribe("sweep") as theirs:
        with redis.Redis(port=redis_server.port) as somebody:
            for nonsense in (b"\xff", b"[]", b'{"from": 1}', b'{"from": 1, "payload": 2}'):
                somebody.publish("doorstep:sweep", nonsense)
        await here.publish("sweep", {"n": 1})
        assert await next_of(theirs) == ("sweep", {"n": 1})


async def test_without_redis_nothing_raises_nothing_waits_and_own_subscribers_hear(
    redis_server: RedisServer, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    hot = RedisHot(redis_url)
    async with hot.subscribe("sweep") as events:
        await hot.put("at:1", {"n": 1}, MINUTE)
        redis_server.stop()
        begun = time.monotonic()
        for n in range(20):
            await hot.publish("sweep", {"n": n})
            await hot.put("at:2", {"n": n}, MINUTE)
            assert await hot.get("at:2") == {"n": n}
            assert await hot.count("x", MINUTE) == n + 1
        async with hot.subscribe("outbox"):
            pass
        assert time.monotonic() - begun < 1
        assert [(await next_of(events))[1]["n"] for _ in range(20)] == list(range(20))
    assert [record.levelno for record in caplog.records if "Redis is away" in record.message] == [logging.WARNING]
    await hot.close()


async def test_a_redis_that_hangs_holds_a_word_up_for_less_than_a_second(
    redis_server: RedisServer, redis_url: str
) -> None:
    hot = RedisHot(redis_url)
    await hot.get("anything")
    assert redis_server.process
    redis_server.process.send_signal(19)
    try:
        begun = time.monotonic()
        for _ in range(5):
            await hot.publish("sweep")
            assert await hot.get("anything") is None
        assert time.monotonic() - begun < 1
    finally:
        redis_server.process.send_signal(18)
    await hot.close()


async def test_processes_hear_one_another_again_when_redis_is_back(
    redis_server: RedisServer, two: tuple[RedisHot, RedisHot], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_module, "PAUSE", 0.05)
    here, there = two
    async with there.subscribe("sweep") as events:
        redis_server.stop()
        await here.publish("sweep", {"lost": True})
        assert await here.count("x", MINUTE) == 1
        redis_server.start()
        heard = asyncio.ensure_future(next_of(events))
        while not heard.done():
            await here.publish("sweep", {"back": True})
            await asyncio.wait([heard], timeout=0.05)
        assert heard.result() == ("sweep", {"back": True})


async def test_who_has_nothing_to_say_knows_all_the_same_when_redis_is_back(
    redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_module, "PAUSE", 0.05)
    hot = RedisHot(redis_url)
    try:
        async with hot.subscribe("sweep"):
            redis_server.stop()
            await until(lambda: hot.apart)
            redis_server.start()
            await until(lambda: not hot.apart)
    finally:
        await hot.close()
        redis_server.start()


async def test_who_asked_in_vain_knows_without_asking_again_when_redis_is_back(
    redis_server: RedisServer, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_module, "PAUSE", 0.05)
    hot = RedisHot(redis_url)
    try:
        redis_server.stop()
        await hot.get("anything")
        assert hot.apart
        redis_server.start()
        await until(lambda: not hot.apart)
    finally:
        await hot.close()
        redis_server.start()


@pytest.fixture
async def line(redis_server: RedisServer, redis_url: str) -> AsyncIterator[Between]:
    """What stands between us and an empty Redis."""
    async with between(redis_server.port) as made:
        yield made


async def test_a_line_that_was_cut_without_a_word_is_noticed_and_heard_again(
    line: Between, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hot_module, "PAUSE", 0.05)
    monkeypatch.setattr(hot_module, "QUIET", 0.2)
    here, there = RedisHot(f"redis://127.0.0.1:{line.port}/0"), RedisHot(redis_url)
    try:
        async with here.subscribe("sweep") as events:
            await there.publish("sweep", {"n": 1})
            assert await next_of(events) == ("sweep", {"n": 1})
            line.goes_mute()
            await until(lambda: here.apart, 20)
            line.heals()
            await until(lambda: not here.apart, 20)
            heard = asyncio.ensure_future(anext(events))
            end = time.monotonic() + 20
            while not heard.done() and time.monotonic() < end:
                await there.publish("sweep", {"back": True})
                await asyncio.wait([heard], timeout=0.05)
            assert heard.done(), "what listened to the dead line listens to it for ever"
            assert heard.result() == ("sweep", {"back": True})
    finally:
        await here.close()
        await there.close()


async def test_a_redis_that_is_slow_counts_as_away_and_does_not_come_and_go(
    line: Between, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(hot_module, "PATIENCE", 0.2)
    monkeypatch.setattr(hot_module, "PAUSE", 0.1)
    monkeypatch.setattr(hot_module, "QUIET", 0.8)
    hot = RedisHot(f"redis://127.0.0.1:{line.port}/0")
    try:
        async with hot.subscribe("sweep"):
            await hot.put("at:1", {"n": 1}, MINUTE)
            # The listener's question is answered, late: that alone is no reason to say that Redis is back.
            line.delay = 0.3
            await until(lambda: hot.apart, 20)
            for _ in range(10):
                await hot.get("at:1")
                await asyncio.sleep(hot_module.PAUSE)
            said = [each.message for each in caplog.records if each.message.startswith("Redis is")]
            assert said == ["Redis is away (TimeoutError): hot state stays within each process"]
            line.heals()
            await until(lambda: not hot.apart, 20)
            assert await hot.get("at:1") == {"n": 1}
    finally:
        await hot.close()


async def test_closing_ends_at_once_whatever_it_is_in_the_middle_of(redis_url: str) -> None:
    for turns in range(12):
        hot = RedisHot(redis_url)
        async with hot.subscribe("sweep"):
            await hot.publish("sweep")
            for _ in range(turns):
                await asyncio.sleep(0)
        await asyncio.wait_for(hot.close(), 5)
