"""Stamps, leases and remembered answers."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from safety_service.domain.refusal import Refused
from safety_service.store import answers, leases, stamps
from safety_service.store.answers import Answer
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.errors import TryAgain
from safety_service.store.stamps import Stamp
from tests.unit import rows

FOR = timedelta(seconds=30)


async def test_a_stamp_says_when_a_part_last_did_its_work(database: Database, clock: SetClock) -> None:
    async with database.transaction() as tx:
        assert await stamps.last(tx, "sweep") is None
        await stamps.stamp(tx, "sweep", {"done": 3})
        await stamps.stamp(tx, "auditor")
    clock.move(timedelta(seconds=1))
    async with database.transaction() as tx:
        await stamps.stamp(tx, "sweep", {"done": 4})
    async with database.reading() as tx:
        assert await stamps.last(tx, "sweep") == Stamp("sweep", clock.at, {"done": 4})
        assert [each.name for each in await stamps.every(tx)] == ["auditor", "sweep"]


async def test_one_process_holds_a_lease_at_a_time(database: Database, clock: SetClock) -> None:
    async def hold(holder: str) -> bool:
        async with database.transaction() as tx:
            return await leases.hold(tx, "poller", holder, FOR)

    assert [await hold("a"), await hold("b"), await hold("a")] == [True, False, True]
    clock.move(FOR - timedelta(microseconds=1))
    assert [await hold("b"), await hold("a")] == [False, True]
    clock.move(FOR)
    assert [await hold("b"), await hold("a")] == [True, False]


async def test_of_many_who_want_a_lease_at_once_one_gets_it(database: Database) -> None:
    async def hold(holder: str) -> bool:
        async with database.transaction() as tx:
            return await leases.hold(tx, "poller", holder, FOR)

    assert sum(await asyncio.gather(*(hold(str(n)) for n in range(8)))) == 1


async def test_who_leaves_gives_back_every_lock_of_its_own_and_no_other(database: Database) -> None:
    async with database.transaction() as tx:
        assert all([await leases.hold(tx, name, "a", FOR) for name in ("poller", "figures")])
        assert await leases.hold(tx, "gap", "b", FOR)
        await leases.let_go_all(tx, "a")
        assert [await leases.hold(tx, name, "c", FOR) for name in ("poller", "figures", "gap")] == [True, True, False]


async def test_a_lease_that_was_let_go_is_free_and_only_its_holder_lets_it_go(database: Database) -> None:
    async with database.transaction() as tx:
        await leases.hold(tx, "poller", "a", FOR)
        await leases.let_go(tx, "poller", "b")
        assert not await leases.hold(tx, "poller", "b", FOR)
        await leases.let_go(tx, "poller", "a")
        assert await leases.hold(tx, "poller", "b", FOR)


async def somebody(database: Database) -> UUID:
    async with database.transaction() as tx:
        return await rows.person(tx, await rows.agency(tx))


async def test_the_same_request_again_gets_the_same_answer(database: Database) -> None:
    who, other = await somebody(database), None
    begin = answers.digest("POST", "/api/v1/visits", b"{}")
    async with database.transaction() as tx:
        assert await answers.find(tx, who, "k", begin) is None
        await answers.keep(tx, who, "k", begin, Answer(201, {"id": "a"}))
        other = await rows.person(tx, await rows.agency(tx, "Southfield"))
    async with database.reading() as tx:
        assert await answers.find(tx, who, "k", begin) == Answer(201, {"id": "a"})
        assert await answers.find(tx, who, "another", begin) is None
        assert await answers.find(tx, other, "k", begin) is None


async def test_a_key_that_comes_with_another_request_is_refused(database: Database) -> None:
    who = await somebody(database)
    requests = {answers.digest(*each) for each in (("POST", "/a", b"{}"), ("POST", "/b", b"{}"), ("POST", "/a", b"[]"))}
    assert len(requests) == 3
    first, *others = requests
    async with database.transaction() as tx:
        await answers.keep(tx, who, "k", first, Answer(200, None))
        for request in others:
            with pytest.raises(Refused, match="key_reused"):
                await answers.find(tx, who, "k", request)


async def test_of_two_who_answer_the_same_request_at_once_one_tries_again_and_did_nothing(database: Database) -> None:
    who = await somebody(database)
    both = asyncio.Barrier(2 if database.dialect == "postgresql" else 1)

    async def do(name: str) -> None:
        async with database.transaction() as tx:
            await both.wait()
            await rows.agency(tx, name)
            await answers.keep(tx, who, "k", "r", Answer(200, name))

    ends = await asyncio.gather(do("a"), do("b"), return_exceptions=True)
    assert [type(end) for end in ends if end] == [TryAgain]
    async with database.reading() as tx:
        answer = await answers.find(tx, who, "k", "r")
    assert answer and answer.body == ("a" if ends[0] is None else "b")


async def test_old_answers_are_forgotten(database: Database, clock: SetClock) -> None:
    who = await somebody(database)
    async with database.transaction() as tx:
        await answers.keep(tx, who, "old", "r", Answer(200, None))
    clock.move(timedelta(days=1))
    async with database.transaction() as tx:
        await answers.keep(tx, who, "new", "r", Answer(200, None))
        assert await answers.forget(tx, tx.now) == 1
        assert await answers.find(tx, who, "old", "r") is None
        assert await answers.find(tx, who, "new", "r")
