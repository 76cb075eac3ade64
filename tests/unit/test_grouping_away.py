"""Words that wait together for a database that says nothing: all hear so at once, and none counts as said later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from safety_service import grouping
from safety_service.api import call
from safety_service.store import together
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway
from safety_service.store.ids import new_id
from tests.unit.test_grouping import Crew, crew
from tests.world import World

__all__ = ["crew"]


async def test_while_the_database_is_away_all_who_wait_are_told_with_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    @asynccontextmanager
    async def hangs(_: Database) -> AsyncIterator[Tx]:
        tried.append("tried")
        await asyncio.sleep(0.2)
        raise DatabaseAway("it says nothing")
        yield

    monkeypatch.setattr(Database, "transaction", hangs)
    group = grouping.Grouping(world.database)

    async def never(_: Tx) -> None:
        raise AssertionError

    everybody = [together.Asked("a token", new_id()) for _ in range(10 * grouping.MOST)]
    answers = await asyncio.gather(*(group.done(each, never) for each in everybody), return_exceptions=True)
    assert {type(each) for each in answers} == {DatabaseAway}
    assert len(tried) <= 4
    await group.close()


@pytest.mark.parametrize("says_when", ["not", "in the future", "earlier"])
async def test_a_word_that_had_to_wait_counts_from_when_it_came_in(
    crew: Crew, monkeypatch: pytest.MonkeyPatch, says_when: str
) -> None:
    monkeypatch.setattr(call, "A_WHILE", 0.1)
    await crew.goes_in("A")
    crew.world.clock.move(timedelta(minutes=5))
    now, opened, held = crew.world.now, Database.transaction, asyncio.Event()

    @asynccontextmanager
    async def waits(database: Database) -> AsyncIterator[Tx]:
        await held.wait()
        async with opened(database) as tx:
            yield tx

    monkeypatch.setattr(Database, "transaction", waits)
    at = {"not": None, "in the future": now + timedelta(minutes=1), "earlier": now - timedelta(minutes=2)}[says_when]
    saying = asyncio.create_task(crew.ok("A", None if at is None else {"at": at.isoformat()}))
    await asyncio.sleep(0.5)
    held.set()
    status, answer = await saying
    assert status == 200
    said_at = datetime.fromisoformat(answer["said_at"])
    if says_when == "earlier":
        assert said_at == at
    else:
        assert now - timedelta(seconds=60) < said_at <= now - timedelta(seconds=0.3)
    assert (await crew.watch("A"))["due_at"] == datetime.fromisoformat(answer["due_at"])
