"""The inbox: nothing twice, in order within a chat, chats side by side, and nothing lost (P6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy import text as sql

from bots.dialogue.inbox import InboxWorker, drained, take_in
from bots.dialogue.incoming import Incoming, Place
from safety_service.store import agencies, channels, people, stamps
from safety_service.store.database import Database, Tx
from safety_service.store.errors import TryAgain
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.chat import inbox
from tests.patience import until


async def a_person(database: Database, chat: str = "1001") -> UUID:
    async with database.transaction() as tx:
        agency = await agencies.add(tx, f"Northfield {chat}")
        person = await people.add(tx, agency.id, "Ann Marsh")
        await channels.link(tx, person.id, "telegram", chat)
    return person.id


async def says(database: Database, text: str, *, chat: str = "1001", number: str | None = None) -> bool:
    async with database.transaction() as tx:
        word = Incoming(
            person_id=None,
            channel="telegram",
            kind="text",
            said_at=tx.now,
            provider_id=number or text,
            text=text,
        )
        return await take_in(tx, "telegram", word.provider_id, chat, None, word.said_at, word.payload())


class Heard:
    """A router that writes down what it hears, and fails as often as it is told to."""

    def __init__(self, **failures: int) -> None:
        self.texts: list[str] = []
        self.people: list[UUID | None] = []
        self.failures = failures
        self.error: Exception = ValueError("a fault in the router")

    async def handle(self, tx: Tx, incoming: Incoming) -> None:
        if self.failures.get(incoming.text, 0):
            self.failures[incoming.text] -= 1
            raise self.error
        self.texts.append(incoming.text)
        self.people.append(incoming.person_id)


@asynccontextmanager
async def running(worker: InboxWorker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def states(database: Database) -> dict[str, str]:
    async with database.reading() as tx:
        rows = await tx.conn.execute(select(inbox.c.provider_id, inbox.c.state))
        return {row.provider_id: row.state for row in rows}


async def test_a_word_that_is_delivered_twice_is_acted_on_once(database: Database) -> None:
    heard = Heard()
    assert await says(database, "ok", number="77")
    assert not await says(database, "ok", number="77")
    await InboxWorker(database, heard.handle).drain()
    assert heard.texts == ["ok"]


async def test_words_of_a_chat_are_acted_on_in_the_order_in_which_they_came(database: Database) -> None:
    heard = Heard()
    for text in ("one", "two", "three"):
        await says(database, text)
    assert await InboxWorker(database, heard.handle).drain() == 3
    assert heard.texts == ["one", "two", "three"]


async def test_two_workers_keep_the_order_of_a_chat_and_do_nothing_twice(database: Database) -> None:
    heard = Heard()
    texts = [f"{number}" for number in range(12)]
    for text in texts:
        await says(database, text)
    workers = [InboxWorker(database, heard.handle) for _ in range(3)]
    while not (await _all_drained(database)):
        await asyncio.gather(*(each.drain() for each in workers))
    assert heard.texts == texts


async def test_a_chat_that_hangs_holds_up_no_other_chat(postgres_url: str) -> None:
    gate = asyncio.Event()
    heard: list[str] = []

    async def handle(tx: Tx, incoming: Incoming) -> None:
        if incoming.text == "slow":
            await gate.wait()
        heard.append(incoming.text)

    async with opened(postgres_url) as database:
        await says(database, "slow", chat="1")
        await says(database, "quick", chat="2")
        draining = asyncio.create_task(InboxWorker(database, handle).drain())
        while heard != ["quick"]:
            await asyncio.sleep(0.01)
        gate.set()
        await draining
    assert heard == ["quick", "slow"]


async def test_what_fails_in_the_middle_leaves_nothing_behind_and_is_done_again_whole(database: Database) -> None:
    await a_person(database)
    times = 0

    async def handle(tx: Tx, incoming: Incoming) -> None:
        nonlocal times
        times += 1
        await agencies.add(tx, f"Written by try {times}")
        if times == 1:
            raise ValueError("killed in the middle")

    await says(database, "ok")
    await InboxWorker(database, handle).drain()
    async with database.reading() as tx:
        names = [each.name for each in await agencies.every(tx)]
    assert "Written by try 1" not in names and "Written by try 2" in names


async def test_a_word_that_fails_three_times_is_given_up_loudly_answered_and_holds_up_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await a_person(database)
    heard = Heard(poison=9)
    await says(database, "poison")
    await says(database, "ok")
    await InboxWorker(database, heard.handle).drain()
    assert heard.texts == ["ok"]
    assert await states(database) == {"poison": "failed", "ok": "handled"}
    assert any(record.levelname == "CRITICAL" for record in caplog.records)
    async with database.reading() as tx:
        templates = list((await tx.conn.execute(select(outbox.c.template))).scalars())
    assert templates == ["reply.failed"]


async def test_a_busy_database_is_not_the_words_fault(database: Database) -> None:
    heard = Heard(ok=5)
    heard.error = TryAgain()
    await says(database, "ok")
    worker = InboxWorker(database, heard.handle)
    for _ in range(5):
        with pytest.raises(TryAgain):
            await worker.drain()
    await worker.drain()
    assert heard.texts == ["ok"]
    assert await states(database) == {"ok": "handled"}


async def test_a_word_from_before_the_chat_was_linked_belongs_to_who_linked_it(database: Database) -> None:
    heard = Heard()
    await says(database, "ok")
    person_id = await a_person(database)
    await InboxWorker(database, heard.handle).drain()
    assert heard.people == [person_id]


async def test_the_inbox_says_when_it_is_drained_and_leaves_its_stamp(database: Database) -> None:
    await says(database, "ok")
    assert not await _all_drained(database)
    await InboxWorker(database, Heard().handle).drain()
    assert await _all_drained(database)
    async with database.reading() as tx:
        stamp = await stamps.last(tx, "inbox_drained")
    assert stamp is not None and stamp.at == tx.now


async def test_a_running_worker_is_woken_by_the_word(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.dialogue.inbox.POLL", timedelta(hours=1))
    heard = Heard()
    await says(database, "ok")
    async with running(InboxWorker(database, heard.handle)):
        await until(lambda: heard.texts == ["ok"])
        await until(lambda: bool(database.hot._subscribers.get("inbox")))  # type: ignore[attr-defined]
        await says(database, "again")
        await until(lambda: heard.texts == ["ok", "again"])


async def test_a_chat_that_hangs_does_not_keep_the_worker_from_what_others_say_after(postgres_url: str) -> None:
    gate, hanging = asyncio.Event(), asyncio.Event()
    heard: list[str] = []

    async def handle(tx: Tx, incoming: Incoming) -> None:
        if incoming.text == "slow":
            hanging.set()
            await gate.wait()
        heard.append(incoming.text)

    async with opened(postgres_url) as database, running(InboxWorker(database, handle)):
        await says(database, "slow", chat="1")
        await hanging.wait()
        await says(database, "help", chat="2")
        await until(lambda: heard == ["help"])
        gate.set()
        await until(lambda: heard == ["help", "slow"])


async def test_a_chat_that_never_stops_talking_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.dialogue.inbox.CHATS", 1)
    heard: list[str] = []

    async def handle(tx: Tx, incoming: Incoming) -> None:
        heard.append(incoming.text)

    for number in range(30):
        await says(database, f"{number}", chat="1")
    await says(database, "help", chat="2")
    async with running(InboxWorker(database, handle)):
        await until(lambda: len(heard) == 31)
    assert heard.index("help") <= 10
    assert [each for each in heard if each != "help"] == [f"{number}" for number in range(30)]


async def test_a_word_that_cannot_be_read_at_all_holds_up_no_other_chat(database: Database) -> None:
    heard = Heard()
    await says(database, "spoilt", chat="1")
    async with database.transaction() as tx:
        await tx.conn.execute(sql("UPDATE inbox SET payload = :bytes"), {"bytes": b"nothing that a key opens"})
    await says(database, "help", chat="2")
    async with running(InboxWorker(database, heard.handle)):
        await until(lambda: heard.texts == ["help"])
        await says(database, "again", chat="2")
        await until(lambda: heard.texts == ["help", "again"])


async def test_a_word_is_kept_with_its_time_and_place_and_read_back_the_same(database: Database) -> None:
    kept: list[Incoming] = []

    async def handle(tx: Tx, incoming: Incoming) -> None:
        kept.append(incoming)

    async with database.transaction() as tx:
        word = Incoming(
            person_id=None,
            channel="webchat",
            kind="position",
            said_at=tx.now - timedelta(minutes=2),
            provider_id="9",
            chat="c",
            position=Place(50.9, -1.4, 12.0),
            extra={"file": "abc"},
        )
        await take_in(tx, "webchat", "9", "c", None, word.said_at, word.payload())
    await InboxWorker(database, handle).drain()
    assert kept == [word]


async def test_what_was_said_is_sealed(database: Database) -> None:
    await says(database, "They said they would hurt me")
    async with database.reading() as tx:
        raw = (await tx.conn.exec_driver_sql("SELECT payload FROM inbox")).scalar_one()
        assert (await tx.conn.execute(select(func.count()).select_from(inbox))).scalar_one() == 1
    assert b"hurt" not in bytes(raw)


async def _all_drained(database: Database) -> bool:
    async with database.reading() as tx:
        return await drained(tx)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = await Database.open(url)
    yield database
    await database.close()
