"""Of what there may be only so much, processes take turns: together through Redis, each its share while it is away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

import pytest
import redis

from safety_service.store.ears_of_redis import PREFIX
from safety_service.store.hot import SHARERS, Hot, InProcessHot, RedisHot
from safety_service.store.turns import MANY, Bucket, Turns
from tests.services.redis import RedisServer

SLOW = Bucket("slow", 60.0, 3)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_taken_at_once_and_then_one_in_its_time() -> None:
    clock = Clock()
    turns, bucket = Turns(clock), Bucket("bot", 0.5, 3)
    assert [turns.take([bucket], 0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 0.5]
    clock.now += 0.5
    assert [turns.take([bucket], 0.0) for _ in range(2)] == [0.0, 0.5]
    clock.now += 60
    assert [turns.take([bucket], 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5], "rest saves up no more than a burst"


def test_who_may_wait_stands_in_a_queue_and_who_may_not_takes_no_place_in_it() -> None:
    turns, bucket = Turns(Clock()), Bucket("bot", 1.0, 1)
    assert [turns.take([bucket], 2.0) for _ in range(4)] == [0.0, 1.0, 2.0, 3.0]
    assert turns.take([bucket], 0.0) == turns.take([bucket], 0.0) == 3.0


def test_who_has_the_larger_burst_is_never_kept_out_by_the_others() -> None:
    turns, urgent, routine = Turns(Clock()), Bucket("bot", 1.0, 3), Bucket("bot", 1.0, 2)
    assert [turns.take([routine], 0.0) for _ in range(4)] == [0.0, 0.0, 1.0, 1.0]
    assert [turns.take([urgent], 0.0) for _ in range(2)] == [0.0, 1.0]


def test_of_two_buckets_the_fuller_one_decides_and_neither_is_taken_from_in_vain() -> None:
    turns, bot, chat = Turns(Clock()), Bucket("bot", 1.0, 2), Bucket("chat", 10.0, 1)
    assert [turns.take([bot, chat], 0.0) for _ in range(3)] == [0.0, 10.0, 10.0]
    assert turns.take([bot], 0.0) == 0.0


def test_what_is_only_counted_waits_for_nothing_and_the_rest_makes_way() -> None:
    turns, bucket = Turns(Clock()), Bucket("bot", 1.0, 1)
    for _ in range(3):
        turns.take([bucket], math.inf)
    assert turns.take([bucket], 0.0) == 3.0


def test_chats_in_which_nothing_is_said_any_more_are_forgotten() -> None:
    clock = Clock()
    turns = Turns(clock)
    for number in range(MANY + 5):
        turns.take([Bucket(f"chat {number}", 1.0, 1)], 0.0)
        clock.now += 1
    assert len(turns._empty_at) <= MANY


@pytest.fixture(params=["in process", "redis"])
async def hot(request: pytest.FixtureRequest) -> AsyncIterator[Hot]:
    made = InProcessHot() if request.param == "in process" else RedisHot(request.getfixturevalue("redis_url"))
    yield made
    await made.close()


async def test_turns_are_taken_by_the_same_rules_in_one_process_and_in_redis(hot: Hot) -> None:
    waits = [await hot.turn([SLOW]) for _ in range(5)]
    assert waits[:3] == [0.0] * 3 and all(59 < wait <= 60 for wait in waits[3:])
    assert 59 < await hot.turn([SLOW], 90.0) <= 60, "this one stands in the queue"
    assert 119 < await hot.turn([SLOW], 90.0) <= 120
    assert await hot.turn([Bucket("other", 60.0, 1)]) == 0.0
    assert await hot.turn([Bucket("quick", 0.02, 1)]) == 0.0
    await asyncio.sleep(0.03)
    assert await hot.turn([Bucket("quick", 0.02, 1)]) == 0.0
    await hot.turn([Bucket("danger", 1.0, 1)], math.inf)
    assert hot.apart == 0


async def test_processes_take_turns_together_and_while_redis_is_away_each_keeps_to_its_share(
    redis_server: RedisServer, redis_url: str
) -> None:
    here, there = RedisHot(redis_url), RedisHot(redis_url)
    try:
        bucket = Bucket("bot", 60.0, 4)
        taken = [await each.turn([bucket]) for each in (here, there) * 4]
        assert [wait == 0.0 for wait in taken] == [True] * 4 + [False] * 4
        await here.turn([bucket])
        redis_server.stop()
        alone = [await here.turn([bucket]) for _ in range(4)]
        assert [wait == 0.0 for wait in alone] == [True, True, False, False], "half of four"
        assert 100 < alone[-1] <= 120
        assert here.apart == 2
        redis_server.start()
    finally:
        await here.close()
        await there.close()


async def test_a_clock_of_redis_that_was_set_back_makes_nobody_wait_for_longer(
    redis_server: RedisServer, redis_url: str
) -> None:
    hot = RedisHot(redis_url)
    try:
        for _ in range(3):
            await hot.turn([SLOW])
        with redis.Redis(port=redis_server.port) as somebody:
            key = f"{PREFIX}{{turns}}:slow"
            kept = str(somebody.get(key), "ascii")
            an_hour_ahead = " ".join(str(int(each) + 3600 * 1_000_000) for each in kept.split())
            somebody.set(key, an_hour_ahead)
        assert 59 < await hot.turn([SLOW], 90.0) <= 61
        assert 119 < await hot.turn([SLOW]) <= 121, "and what is taken since counts as ever"
    finally:
        await hot.close()


async def test_who_never_found_redis_supposes_that_there_are_others(redis_server: RedisServer, redis_url: str) -> None:
    redis_server.stop()
    hot = RedisHot(redis_url)
    try:
        assert await hot.turn([SLOW]) == 0.0
        assert await hot.turn([SLOW]) > 0.0
        assert hot.apart == SHARERS
    finally:
        await hot.close()
        redis_server.start()
