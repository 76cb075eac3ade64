"""The evidence log as a chain: made in the background, and no change of it goes unseen, on either database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, event, insert, literal, select, text, update
from sqlalchemy.types import LargeBinary

from safety_service.actions import event_chain
from safety_service.domain.event_chain import link as chain_link
from safety_service.store import event_seals, events, sealing
from safety_service.store.database import Database, Tx
from safety_service.store.ids import new_id
from safety_service.store.sealing import KeyRing, new_key
from safety_service.store.tables.people import agency
from safety_service.store.tables.system import event_log, event_seal
from safety_service.store.types import REMOVED
from scheduler.linker import BATCH, Linker
from tests.services.template import TEST_KEY
from tests.unit.rows import put
from tests.world import World

AGENCY = uuid4()
MINUTE = timedelta(minutes=1)


async def happen(database: Database, count: int = 5, **more: Any) -> None:
    """So many entries of one agency, a second apart."""
    async with database.transaction() as tx:
        if (await tx.conn.execute(select(agency.c.id))).first() is None:
            await put(tx, agency, id=AGENCY, name="Northfield", created_at=tx.now)
    for number in range(count):
        database.clock.move(timedelta(seconds=1))  # type: ignore[attr-defined]
        async with database.transaction() as tx:
            given = {"agency_id": AGENCY, "actor_id": uuid4(), "verb": "did", "subject": "thing", **more}
            await events.log(tx, **given, subject_id=uuid4(), details={"n": number, "says": "was änderte sich?"})


async def linked(database: Database) -> None:
    """The background job has caught up."""
    database.clock.move(timedelta(seconds=5))  # type: ignore[attr-defined]
    await Linker(database, "test").once()


@pytest.fixture
async def chain(database: Database) -> Database:
    """Five entries, all linked, with nothing in the way of whoever changes them by hand."""
    await happen(database)
    await linked(database)
    async with database.transaction() as tx:
        await unguarded(tx)
    return database


async def unguarded(tx: Tx) -> None:
    """As somebody could who may do everything in the database."""
    if tx.dialect == "sqlite":
        for change in ("update", "delete"):
            await tx.conn.execute(text(f"DROP TRIGGER event_log_refuses_{change}"))
    else:
        for change in ("update", "change"):
            await tx.conn.execute(text(f"DROP TRIGGER event_log_refuses_{change} ON event_log"))


async def verified(database: Database, kept: tuple[int, str] | None = None) -> list[str]:
    async with database.reading() as tx:
        return [found async for found in event_chain.verify(tx, event_chain.verifier_for(tx, kept))]


async def entries(database: Database) -> list[UUID]:
    """The ids, in the order of the chain."""
    async with database.reading() as tx:
        return list((await tx.conn.execute(select(event_seal.c.event_id).order_by(event_seal.c.number))).scalars())


async def tampered(database: Database, *statements: Any) -> list[str]:
    async with database.transaction() as tx:
        for each in statements:
            await tx.conn.execute(each)
    return await verified(database)


# --- making it ---


async def test_what_is_logged_is_linked_a_few_seconds_later_in_the_order_of_its_times(database: Database) -> None:
    await happen(database, 3)
    await Linker(database, "test").once()
    assert len(await entries(database)) == 0, "what is younger than three seconds waits"
    await linked(database)
    async with database.reading() as tx:
        ids = list((await tx.conn.execute(select(event_log.c.id).order_by(event_log.c.at))).scalars())
    assert await entries(database) == ids and await verified(database) == []


async def test_many_are_linked_in_batches_and_one_process_alone_does_it(database: Database) -> None:
    async with database.transaction() as tx:
        entry = events.Entry(agency_id=None, actor_id=None, verb="did", subject="thing")
        await events.log_all(tx, [entry] * (BATCH * 2 + 7))
    await linked(database)
    assert len(await entries(database)) == BATCH * 2 + 7
    await happen(database, 1)
    database.clock.move(timedelta(seconds=5))  # type: ignore[attr-defined]
    await Linker(database, "somebody else").once()
    assert len(await entries(database)) == BATCH * 2 + 7, "the first one's time is not over"
    database.clock.move(MINUTE)  # type: ignore[attr-defined]
    await Linker(database, "somebody else").once()
    assert len(await entries(database)) == BATCH * 2 + 8
    assert await verified(database) == []


async def test_what_committed_late_is_linked_late_and_that_is_no_finding(database: Database) -> None:
    held_up = new_id()
    await happen(database, 2)
    at = database.clock.at - timedelta(seconds=1)  # type: ignore[attr-defined]
    await linked(database)
    await _insert(database, held_up, at)
    await linked(database)
    assert (await entries(database))[-1] == held_up and await verified(database) == []


async def test_what_no_key_opens_keeps_nothing_else_from_being_linked(database: Database) -> None:
    await happen(database, 1)
    async with database.transaction() as tx:
        foreign = KeyRing([new_key()]).seal(b"{}")
        row = {"id": new_id(), "at": tx.now, "verb": "did", "subject": "thing"}
        await tx.conn.execute(insert(event_log).values(**row, details=literal(foreign, LargeBinary())))
    await happen(database, 1)
    await linked(database)
    assert len(await entries(database)) == 3
    [found] = await verified(database)
    assert "no key opens its details" in found


async def _insert(database: Database, entry_id: UUID, at: Any) -> None:
    async with database.transaction() as tx:
        row = {"id": entry_id, "at": at, "agency_id": AGENCY, "verb": "did", "subject": "thing", "details": {}}
        await tx.conn.execute(insert(event_log).values(**row))


# --- finding what was done to it ---


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "later"),
        ("agency_id", None),
        ("actor_id", None),
        ("verb", "read"),
        ("subject", "person"),
        ("subject_id", uuid4()),
        ("visit_id", uuid4()),
        ("alert_id", uuid4()),
        ("details", {"n": 2, "says": "nothing"}),
    ],
)
async def test_a_change_of_any_column_is_found_and_named(chain: Database, column: str, value: Any) -> None:
    third = (await entries(chain))[2]
    if value == "later":
        async with chain.reading() as tx:
            old = (await tx.conn.execute(select(event_log.c.at).where(event_log.c.id == third))).scalar_one()
        value = old + timedelta(microseconds=1)
    found = await tampered(chain, update(event_log).where(event_log.c.id == third).values({column: value}))
    assert len(found) == 1 and found[0].startswith("link 3, ") and "changed" in found[0]


async def test_the_id_of_an_entry_cannot_be_changed_either(chain: Database) -> None:
    third, other = (await entries(chain))[2], new_id()
    found = await tampered(chain, update(event_log).where(event_log.c.id == third).values(id=other))
    assert len(found) == 1 and found[0] == f"link 3: its entry {third} was removed"
    both = await tampered(chain, update(event_seal).where(event_seal.c.number == 3).values(event_id=other))
    assert [each.partition(",")[0] for each in both] == ["link 3"]


@pytest.mark.parametrize("column", ["details_digest", "digest", "sealed_at"])
async def test_a_change_of_a_link_is_found(chain: Database, column: str) -> None:
    value = chain.clock.at + MINUTE if column == "sealed_at" else "0" * 64  # type: ignore[attr-defined]
    found = await tampered(chain, update(event_seal).where(event_seal.c.number == 3).values({column: value}))
    assert found and found[0].startswith("link 3")


async def test_an_entry_that_was_removed_is_found_also_where_its_link_went_with_it(chain: Database) -> None:
    second, fourth = (await entries(chain))[1], (await entries(chain))[3]
    assert await tampered(chain, delete(event_log).where(event_log.c.id == second)) == [
        f"link 2: its entry {second} was removed"
    ]
    gone = [delete(event_log).where(event_log.c.id == fourth), delete(event_seal).where(event_seal.c.number == 4)]
    found = await tampered(chain, *gone)
    assert "link 4: removed" in found and any(each.startswith("link 5, ") for each in found)


async def test_two_entries_that_change_places_are_found(chain: Database) -> None:
    second, third = (await entries(chain))[1:3]
    place = event_seal.c.event_id
    aside = uuid4()
    found = await tampered(
        chain,
        update(event_seal).where(place == second).values(event_id=aside),
        update(event_seal).where(place == third).values(event_id=second),
        update(event_seal).where(place == aside).values(event_id=third),
    )
    assert {each.partition(",")[0] for each in found} >= {"link 2", "link 3"}


async def test_an_entry_that_is_put_in_later_is_found_linked_or_not(chain: Database) -> None:
    await happen(chain, 1)
    chain.clock.move(30 * MINUTE)  # type: ignore[attr-defined]
    await happen(chain, 1)
    await linked(chain)
    assert await verified(chain) == []
    await _insert(chain, new_id(), chain.clock.at - 29 * MINUTE)  # type: ignore[attr-defined]
    [beside] = await verified(chain)
    assert "stands beside the chain" in beside
    await linked(chain)
    [later] = await verified(chain)
    assert "put in after what is younger" in later


async def test_a_tail_that_was_cut_off_is_found_with_an_end_that_was_kept_elsewhere(chain: Database) -> None:
    async with chain.reading() as tx:
        last = await event_chain.head(tx)
    assert last is not None
    kept = (last.number, last.digest)
    assert await verified(chain, kept) == []
    fifth = (await entries(chain))[4]
    gone = [delete(event_log).where(event_log.c.id == fifth), delete(event_seal).where(event_seal.c.number == 5)]
    assert await tampered(chain, *gone) == [], "of itself a shorter chain is a whole one"
    assert await verified(chain, kept) == ["the chain ends at 4: everything up to 5 was there once"]
    await happen(chain, 1)
    await linked(chain)
    assert await verified(chain, kept) == ["link 5: it is not the one that was kept outside: the chain was made anew"]


async def test_without_the_database_s_own_key_nobody_can_make_the_chain_anew(chain: Database) -> None:
    third = (await entries(chain))[2]
    async with chain.transaction() as tx:
        await tx.conn.execute(update(event_log).where(event_log.c.id == third).values(verb="read"))
        last = None
        for _, entry in await event_seals.linked(tx, 0, 100):
            assert entry is not None
            last = chain_link(b"some other key", last, entry, tx.now)
            made = {name: getattr(last, name) for name in ("digest", "details_digest", "sealed_at")}
            await tx.conn.execute(update(event_seal).where(event_seal.c.number == last.number).values(made))
    assert len(await verified(chain)) >= 5


async def test_what_is_not_linked_for_long_is_found_and_what_is_new_is_not(chain: Database) -> None:
    await happen(chain, 1)
    assert await verified(chain) == []
    chain.clock.move(11 * MINUTE)  # type: ignore[attr-defined]
    [found] = await verified(chain)
    assert "in no link yet" in found
    async with chain.reading() as tx:
        assert await event_chain.waiting(tx) == 1


# --- retention, keys ---


async def emptied(database: Database, entry_id: UUID) -> None:
    async with database.transaction() as tx:
        nothing = literal(REMOVED, LargeBinary())
        await tx.conn.execute(update(event_log).where(event_log.c.id == entry_id).values(details=nothing))


async def test_what_retention_emptied_still_holds_in_the_chain_and_what_it_did_not_is_found(database: Database) -> None:
    await happen(database)
    await linked(database)
    first, second = (await entries(database))[:2]
    await emptied(database, first)
    assert await verified(database) == [f"1 entries of agency {AGENCY} are emptied, and retention emptied 0"]
    async with database.transaction() as tx:
        about = {"agency_id": AGENCY, "actor_id": None, "verb": "removed", "subject": "evidence"}
        await events.log(tx, **about, details={"count": 1, "via": "retention"})  # type: ignore[arg-type]
    assert await verified(database) == []
    await emptied(database, second)
    assert len(await verified(database)) == 1


async def test_with_other_keys_that_seal_the_same_text_it_still_holds(database: Database) -> None:
    await happen(database)
    await linked(database)
    other = KeyRing([new_key(), TEST_KEY])
    sealing.use(other)
    async with database.transaction() as tx:
        await unguarded(tx)
        for row in (await tx.conn.execute(text("SELECT id, details FROM event_log"))).all():
            again = text("UPDATE event_log SET details = :again WHERE id = :id")
            await tx.conn.execute(again, {"again": other.rotate(row.details), "id": row.id})
    assert await verified(database) == []


# --- with everything else ---


async def test_an_ordinary_day_and_an_alarm_are_whole(world: World) -> None:
    await world.inside()
    await world.later(60, step=1)
    await linked(world.database)
    assert await verified(world.database) == [] and len(await entries(world.database)) > 10


async def test_looking_for_what_is_not_linked_reads_only_the_newest_of_a_long_log(database: Database) -> None:
    await happen(database, 3)
    await linked(database)
    said: list[tuple[str, Any]] = []

    def hear(_conn: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    async with database.reading() as tx:
        engine = database._read.sync_engine
        event.listen(engine, "before_cursor_execute", hear)
        await event_seals.without_link(tx, new_id(), tx.now, 10)
        event.remove(engine, "before_cursor_execute", hear)
        if tx.dialect == "postgresql":
            await tx.conn.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if tx.dialect == "sqlite" else "EXPLAIN "
        statement, parameters = said[-1]
        plan = str((await tx.conn.exec_driver_sql(explain + statement, parameters)).all())
    by_id = "SEARCH event_log USING INDEX sqlite_autoindex_event_log_1 (id>?)"
    assert by_id in plan or ("pk_event_log" in plan and "Index Cond: (id >" in plan), plan
