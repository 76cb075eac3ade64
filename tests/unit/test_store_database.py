"""Transactions: kept whole or not at all, one time each, and nothing follows what was not kept."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from safety_service.store import engines, sealing
from safety_service.store.clock import SetClock
from safety_service.store.database import Database, Tx
from safety_service.store.hot import InProcessHot
from safety_service.store.sealing import KeyRing
from safety_service.store.tables.people import agency
from tests.services.template import TEST_KEY
from tests.unit import rows


class Refusal(Exception):
    """Something goes wrong in the middle."""


async def names(database: Database) -> list[str]:
    async with database.reading() as tx:
        return list((await tx.conn.execute(select(agency.c.name).order_by(agency.c.name))).scalars())


async def test_what_a_transaction_wrote_is_read_by_the_next(database: Database) -> None:
    async with database.transaction() as tx:
        await rows.agency(tx, "Northfield")
    assert await names(database) == ["Northfield"]


async def test_what_failed_in_the_middle_leaves_nothing(database: Database) -> None:
    with suppress(Refusal):
        async with database.transaction() as tx:
            await rows.agency(tx)
            raise Refusal
    assert await names(database) == []


async def test_a_transaction_has_one_time(database: Database, clock: SetClock) -> None:
    async with database.transaction() as tx:
        before = tx.now
        clock.move(timedelta(minutes=5))
        assert tx.now == before
    async with database.transaction() as tx:
        assert tx.now == before + timedelta(minutes=5)


async def test_a_savepoint_that_fails_keeps_the_rest(database: Database) -> None:
    done = []
    async with database.hot.subscribe("sweep") as events:
        async with database.transaction() as tx:
            await rows.agency(tx, "before")
            tx.announce("sweep", {"n": 1})
            with suppress(Refusal):
                async with tx.savepoint():
                    await rows.agency(tx, "within")
                    tx.announce("sweep", {"n": 2})
                    tx.after_commit(lambda: done.append("within"))
                    raise Refusal
            async with tx.savepoint():
                await rows.agency(tx, "another")
                tx.announce("sweep", {"n": 3})
                tx.after_commit(lambda: done.append("another"))
        assert [(await anext(events))[1]["n"] for _ in range(2)] == [1, 3]
    assert done == ["another"]
    assert await names(database) == ["another", "before"]


async def test_savepoints_may_stand_within_savepoints(database: Database) -> None:
    async with database.transaction() as tx, tx.savepoint():
        await rows.agency(tx, "outer")
        with suppress(Refusal):
            async with tx.savepoint():
                await rows.agency(tx, "inner")
                raise Refusal
    assert await names(database) == ["outer"]


async def test_what_the_database_refuses_within_a_savepoint_keeps_the_rest(database: Database) -> None:
    async with database.transaction() as tx:
        await rows.agency(tx, "once")
        with pytest.raises(Exception, match=r"(?i)unique"):
            async with tx.savepoint():
                await rows.agency(tx, "once")
        await rows.agency(tx, "after")
    assert await names(database) == ["after", "once"]


async def test_announcements_and_calls_follow_the_commit_and_not_before(database: Database) -> None:
    seen: list[Any] = []

    class Listener(InProcessHot):
        async def publish(self, topic: str, payload: dict[str, Any] | None = None) -> None:
            seen.append((topic, payload, await names(database)))

    database.hot = Listener()
    async with database.transaction() as tx:
        await rows.agency(tx, "kept")
        tx.announce("sweep", {"n": 1})
        tx.after_commit(lambda: seen.append("called"))
        assert seen == []
    assert seen == [("sweep", {"n": 1}, ["kept"]), "called"]


async def test_nothing_follows_a_transaction_that_was_not_kept(database: Database) -> None:
    seen: list[str] = []
    async with database.hot.subscribe("sweep", "end") as events:
        with suppress(Refusal):
            async with database.transaction() as tx:
                tx.announce("sweep")
                tx.after_commit(lambda: seen.append("called"))
                raise Refusal
        await database.hot.publish("end")
        assert (await anext(events))[0] == "end"
    assert seen == []


async def test_what_fails_after_the_commit_never_fails_the_word(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(InProcessHot):
        async def publish(self, topic: str, payload: dict[str, Any] | None = None) -> None:
            raise OSError("no such wire")

    def broken() -> None:
        raise Refusal

    seen: list[str] = []
    database.hot = Broken()
    async with database.transaction() as tx:
        await rows.agency(tx, "kept")
        tx.announce("person:0190-secret")
        tx.after_commit(broken)
        tx.after_commit(lambda: seen.append("called"))
    assert await names(database) == ["kept"]
    assert seen == ["called"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.ERROR]
    assert "0190-secret" not in caplog.text


async def test_many_tasks_writing_at_the_same_time_all_commit(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        # They queue for their turn, however long that is, and not for the one connection.
        monkeypatch.setattr(engines, "WAIT_FOR_CONNECTION", 0.0)
    sealing.use(KeyRing([TEST_KEY]))
    database = await Database.open(database_url)
    async with database.transaction() as tx:
        await rows.agency(tx, "0")

    async def write(n: int) -> None:
        async with database.transaction() as tx:
            # Reads before it writes: a transaction that began as a reader would be refused here.
            last = (await tx.conn.execute(select(agency.c.last_number).with_for_update())).scalar_one()
            await tx.conn.execute(update(agency).values(last_number=last + 1))

    await asyncio.gather(*(write(n) for n in range(20)))
    async with database.reading() as tx:
        assert (await tx.conn.execute(select(agency.c.last_number))).scalar_one() == 20
    await database.close()


async def test_who_reads_waits_for_nobody_who_writes_and_sees_one_view(database: Database) -> None:
    async with database.reading() as reader:
        first = (await reader.conn.execute(select(agency.c.id))).all()
        async with database.transaction() as writer:
            await rows.agency(writer)
            assert await names(database) == []
        assert (await reader.conn.execute(select(agency.c.id))).all() == first == []
    assert await names(database) == ["Northfield"]


async def test_who_reads_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="may only be read"):
        async with database.reading() as tx:
            await rows.agency(tx)
    async with database.transaction() as tx:
        await rows.agency(tx)


async def test_a_transaction_within_another_is_refused_where_it_would_wait_for_ever(sqlite_url: str) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    database = await Database.open(sqlite_url)
    async with database.transaction() as tx:
        with pytest.raises(RuntimeError, match="within another"):
            async with database.transaction():
                pass
        await rows.agency(tx, "kept")
    async with database.transaction() as tx:
        await rows.agency(tx, "and the next")
    assert len(await names(database)) == 2
    await database.close()


async def test_a_word_that_is_cancelled_leaves_the_writer_to_the_next(database: Database) -> None:
    begun = asyncio.Event()

    async def write_and_hang(tx: Tx) -> None:
        await rows.agency(tx, "cancelled")
        begun.set()
        await asyncio.Event().wait()

    async def word() -> None:
        async with database.transaction() as tx:
            await write_and_hang(tx)

    task = asyncio.create_task(word())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction() as tx:
        await rows.agency(tx, "next")
    assert await names(database) == ["next"]


async def test_a_statement_that_is_cancelled_leaves_the_writer_to_the_next(database: Database) -> None:
    count = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000) SELECT count(*) FROM n"

    async def word() -> None:
        async with database.transaction() as tx:
            await rows.agency(tx, "cancelled")
            await tx.conn.execute(text(count))

    task = asyncio.create_task(word())
    await asyncio.wait([task], timeout=0.15)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for name in ("next", "and the next"):
        async with database.transaction() as tx:
            await rows.agency(tx, name)
    kept = await names(database)
    assert {"and the next", "next"} <= set(kept)
    # SQLite does a statement at once: by the time that anybody could be cancelled, this word was being committed.
    assert database.dialect == "sqlite" or "cancelled" not in kept
