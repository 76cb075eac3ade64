"""A new key in front: all is sealed anew beside a running service, the log stays as it was written, old keys may go."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import LargeBinary, bindparam, select, type_coerce, update

from safety_service.actions import event_chain, key_rotation, words
from safety_service.actions.key_rotation import ROTATED, Rotated
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.store import kept_files, key_notes, migrate, presence, resealing, sealing, stamps
from safety_service.store.database import Database, Tx
from safety_service.store.moving_rows import is_sealed
from safety_service.store.sealing import KeyRing, new_key
from safety_service.store.tables import metadata
from safety_service.store.tables.people import person
from safety_service.store.tables.system import event_log, secret
from safety_service.store.tables.visits import kept_file
from safety_service.store.types import REMOVED
from tests.lived import NEVER_CHANGED, PHOTO, live
from tests.services.template import TEST_KEY
from tests.world import World

NEW = "YSBuZXcga2V5IGZvciB0ZXN0cyBvZiByb3RhdGlvbiE="
BOTH = KeyRing([NEW, TEST_KEY])
NAME, OLD = BOTH.names


@pytest.fixture
async def lived(world: World) -> World:
    """Sealed with the old key; from now on the new one is in front."""
    await live(world)
    sealing.use(BOTH)
    return world


async def sealed_by(database: Database) -> Counter[str]:
    """How many values of the whole database are sealed by which key."""
    found = Counter[str]()
    async with database.reading() as tx:
        for table in metadata.sorted_tables:
            for column in filter(is_sealed, table.columns):
                for value in (await tx.conn.execute(select(type_coerce(column, LargeBinary)))).scalars():
                    if value not in (None, REMOVED):
                        found[sealing.ring().sealed_by(value) or ""] += 1
    return found


async def plain(database: Database) -> list[list[Any]]:
    """What the tables say, read with the keys; but what the rotation itself writes."""
    said: list[list[Any]] = []
    async with database.reading() as tx:
        for table in metadata.sorted_tables:
            if table.name not in ("event_log", "secret", "stamp"):
                said.append(sorted(map(repr, (await tx.conn.execute(select(table))).all())))
    return said


async def findings(database: Database) -> list[str]:
    """What `log verify` says."""
    async with database.reading() as tx:
        return [each async for each in event_chain.verify(tx, event_chain.verifier_for(tx))]


async def last(database: Database) -> dict[str, Any]:
    """What is known of the last time."""
    async with database.reading() as tx:
        stamp = await stamps.last(tx, ROTATED)
    return {} if stamp is None else dict(stamp.info)


async def test_all_is_sealed_anew_says_the_same_and_the_old_key_may_go(lived: World, database_url: str) -> None:
    database = lived.database
    before, many = await plain(database), (await sealed_by(database))[OLD]
    assert many > 100
    done = await key_rotation.rotate(database)
    assert await plain(database) == before
    assert done.needed(OLD) == {} and done.needed("") == {}
    assert set(NEVER_CHANGED) <= set(done.resealed)
    assert (await last(database))["free"] == [OLD]
    found = await sealed_by(database)
    assert found[OLD] == 0 and found[NAME] >= many - 1
    await database.close()
    sealing.use(KeyRing([NEW]))
    await migrate.upgrade(database_url)
    opened = await Database.open(database_url, clock=lived.clock)
    assert await plain(opened) == before
    async with opened.reading() as tx:
        ann = select(person.c.name).where(person.c.email_index == tx.blind("ann@example.org"))
        assert (await tx.conn.execute(ann)).scalar_one() == "Ann", "what stands in an index stays"
        photo = (await tx.conn.execute(select(kept_file.c.id))).scalar_one()
        assert await kept_files.body_of(tx, photo) == PHOTO
    assert await findings(opened) == [], "the chain is over what is said, and not over how it is sealed"
    await opened.close()


async def test_the_log_says_that_it_was_done_and_nothing_of_the_keys(lived: World) -> None:
    done = await key_rotation.rotate(lived.database)
    async with lived.database.reading() as tx:
        said = (await tx.conn.execute(select(event_log.c.details).where(event_log.c.verb == "resealed"))).scalar_one()
    assert said["first"] == NAME and said["free"] == [OLD] and said["resealed"] == dict(done.resealed)
    assert NEW not in repr(said) and TEST_KEY not in repr(said)


async def test_done_again_it_changes_nothing(lived: World) -> None:
    await key_rotation.rotate(lived.database)
    async with lived.database.reading() as tx:
        name = select(type_coerce(person.c.name, LargeBinary)).order_by(person.c.id)
        before = (await tx.conn.execute(name)).scalars().all()
    again = await key_rotation.rotate(lived.database)
    assert again.resealed.total() == 0
    async with lived.database.reading() as tx:
        assert (await tx.conn.execute(name)).scalars().all() == before


async def test_words_go_on_while_it_is_done(lived: World) -> None:
    row = await lived.inside("Ann", ref="F-9")
    done: list[Rotated] = []

    async def rotate() -> None:
        done.append(await key_rotation.rotate(lived.database))

    going = asyncio.create_task(rotate())
    said = 0
    while not going.done():
        said += 1
        await lived.do("Ann", words.ok, row.id, Word(note=f"word {said}"))
        await asyncio.sleep(0)
    await going
    assert said > 3 and done[0].needed(OLD) == {}
    assert (await sealed_by(lived.database))[OLD] == 0


async def test_two_at_once_do_no_harm(lived: World) -> None:
    before = await plain(lived.database)
    both = await asyncio.gather(key_rotation.rotate(lived.database), key_rotation.rotate(lived.database))
    assert [each.needed(OLD) for each in both] == [{}, {}]
    assert await plain(lived.database) == before
    assert (await sealed_by(lived.database))[OLD] == 0


async def test_what_somebody_has_in_hand_or_changed_since_is_left_to_them(lived: World) -> None:
    async with lived.database.reading() as tx:
        rows = await resealing.rows_after(tx, "person", None)
    page = resealing.look(rows)
    async with lived.database.transaction() as tx:
        ann = update(person).where(person.c.id == lived.ids["Ann"])
        await tx.conn.execute(ann.values(name="Ann Field"))
    async with lived.database.transaction() as tx:
        await resealing.put(tx, "person", page.changes)
    async with lived.database.reading() as tx:
        names = {row.id: row.name for row in await tx.conn.execute(select(person.c.id, person.c.name))}
    assert names[lived.ids["Ann"]] == "Ann Field" and names[lived.ids["Ben"]] == "Ben"


_KILLED = """
import asyncio, os, signal, sys
from safety_service.actions import key_rotation
from safety_service.store import sealing
from safety_service.store.database import Database
from safety_service.store.sealing import KeyRing

rows = 0
def on_page(count):
    global rows
    rows += count
    if rows > int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    await key_rotation.rotate(await Database.open(sys.argv[3]), on_page)

sealing.use(KeyRing(sys.argv[1:3]))
asyncio.run(main())
"""


async def test_killed_in_the_middle_all_is_read_and_the_next_time_ends_it(lived: World, database_url: str) -> None:
    before = await plain(lived.database)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, NEW, TEST_KEY, database_url, "30"], check=False, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    halfway = await sealed_by(lived.database)
    assert halfway[OLD] > 50 and halfway[NAME] > 5
    assert await plain(lived.database) == before
    async with lived.database.reading() as tx:
        assert await key_notes.noted(tx) == {OLD, NAME}, "both are needed"
    await key_rotation.rotate(lived.database)
    assert (await sealed_by(lived.database))[OLD] == 0


async def test_it_is_refused_while_a_process_runs_that_has_not_got_the_new_key(lived: World) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    async with lived.database.transaction() as tx:
        await presence.here(tx, ["scheduler"], "one:1:a")
    sealing.use(BOTH)
    with pytest.raises(Refused, match="seals_otherwise"):
        await key_rotation.rotate(lived.database)
    assert (await sealed_by(lived.database))[NAME] == 0, "it could not have read it"
    async with lived.database.reading() as tx:
        assert await key_notes.noted(tx) == {OLD}, "it starts again without the new one"
    async with lived.database.transaction() as tx:
        await presence.here(tx, ["scheduler"], "one:1:a")
    await key_rotation.rotate(lived.database)


async def test_a_process_that_comes_in_the_middle_without_it_stops_it(
    lived: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = resealing.put
    pages: list[str] = []

    async def comes(tx: Tx, table: str, changes: Any) -> None:
        pages.append(table)
        await put(tx, table, changes)
        if len(pages) == 3:
            await stamps.stamp(tx, "process:bot:x", {"role": "bot", "host": "old", "step": "1", "keys": [OLD, NAME]})

    monkeypatch.setattr(resealing, "put", comes)
    with pytest.raises(Refused) as raised:
        await key_rotation.rotate(lived.database)
    assert raised.value.facts == {"role": "bot", "host": "old"} and len(pages) == 3


async def test_what_no_key_opens_is_counted_and_stays_for_the_key_that_is_missing(lived: World) -> None:
    lost = KeyRing([new_key()])
    async with lived.database.transaction() as tx:
        raw = update(person).where(person.c.id == lived.ids["Rita"])
        name = bindparam("sealed", lost.seal(b"Rita"), type_=LargeBinary)
        await tx.conn.execute(raw.values(name=name))
    done = await key_rotation.rotate(lived.database)
    assert done.needed("") == {"person": 1} and done.needed(OLD) == {}
    assert (await last(lived.database))["unopened"] == {"person": 1}
    assert (await sealed_by(lived.database))[""] == 1


async def test_with_one_key_nothing_is_to_be_done(world: World) -> None:
    await live(world)
    done = await key_rotation.rotate(world.database)
    assert done.resealed.total() == 0 and done.needed("") == {}
    assert (await last(world.database))["free"] == []


async def test_the_mark_is_gone_afterwards(lived: World) -> None:
    await key_rotation.rotate(lived.database)
    async with lived.database.reading() as tx:
        assert not await resealing.guard_is_open(tx)
        assert (await tx.conn.execute(select(secret.c.name).where(secret.c.name == f"key {OLD}"))).first() is None


def test_every_table_with_something_sealed_has_one_key_to_go_by() -> None:
    for name in resealing.tables():
        assert len(metadata.tables[name].primary_key.columns) == 1, name


def test_which_key_sealed_something_shows_without_opening_it() -> None:
    assert BOTH.sealed_by(KeyRing([TEST_KEY]).seal(b"x")) == OLD
    assert BOTH.sealed_by(BOTH.seal(b"x")) == NAME
    sealed = BOTH.seal(b"x" * 100)
    for strange in (b"", b"no", sealed[:-1], sealed[:40] + b"A" + sealed[41:], KeyRing([new_key()]).seal(b"x")):
        assert BOTH.sealed_by(strange) is None
