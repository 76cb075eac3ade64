"""Editions of the policy: applied and never edited, checked whole, and a bad one stops nobody."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import event, insert, select, update

from config.policy import PolicyError
from safety_service.store import policies
from safety_service.store.database import Database
from safety_service.store.policies import Shelf
from safety_service.store.tables.system import policy_edition

QUICK = '[taken]\ndanger = "4m"\n'
QUICKER = '[taken]\ndanger = "3m"\n'


async def danger_minutes(database: Database) -> float:
    async with database.reading() as tx:
        return (await tx.policy()).taken.danger.total_seconds() / 60


@pytest.fixture
def time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look-up comes longer after the last than an edition is taken for granted."""
    monkeypatch.setattr(policies, "FRESH_FOR", -1.0)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(database._read.sync_engine, "before_cursor_execute", hear)
    yield said
    event.remove(database._read.sync_engine, "before_cursor_execute", hear)


async def test_an_edition_that_is_applied_is_in_force_with_who_and_why(database: Database) -> None:
    assert await danger_minutes(database) == 5
    async with database.transaction() as tx:
        assert await policies.apply(tx, QUICK, "Bea Hill", "too slow in the park") == 2
    assert await danger_minutes(database) == 4
    async with database.reading() as tx:
        kept = (await tx.conn.execute(select(policy_edition).where(policy_edition.c.number == 2))).one()
        assert (kept.text, kept.applied_by, kept.why, kept.applied_at) == (
            QUICK,
            "Bea Hill",
            "too slow in the park",
            tx.now,
        )


async def test_what_was_not_committed_is_not_in_force(database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            await policies.apply(tx, QUICK, "Bea Hill", "why")
            raise ZeroDivisionError
    assert await danger_minutes(database) == 5


async def test_a_bad_text_is_refused_with_every_fault_and_nothing_changes(database: Database) -> None:
    bad = '[risk.high]\ngrace = "9h"\n[taken]\ndanger = "2h"\nnonsense = 1\n'
    async with database.transaction() as tx:
        with pytest.raises(PolicyError) as raised:
            await policies.apply(tx, bad, "Bea Hill", "why")
    assert [fault.partition(":")[0] for fault in raised.value.faults] == ["line 2", "line 4", "line 5"]
    async with database.reading() as tx:
        assert (await tx.conn.execute(select(policy_edition.c.number))).scalars().all() == [1]


async def test_another_process_sees_a_new_edition(database: Database, database_url: str, time_passes: None) -> None:
    other = await Database.open(database_url)
    assert await danger_minutes(other) == 5
    async with database.transaction() as tx:
        await policies.apply(tx, QUICK, "Bea Hill", "why")
    assert await danger_minutes(other) == 4
    await other.close()


async def test_asking_costs_one_tiny_query_and_for_a_while_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await danger_minutes(database)
    with statements(database) as said:
        await danger_minutes(database)
    assert [each for each in said if "policy" in each] == []
    monkeypatch.setattr(policies, "FRESH_FOR", -1.0)
    with statements(database) as said:
        await danger_minutes(database)
    [asked] = [each for each in said if "policy" in each]
    assert "max(policy_edition.number)" in asked and "text" not in asked


async def test_an_edition_that_this_code_cannot_use_is_shouted_about_and_the_last_good_one_stays(
    database: Database, time_passes: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.transaction() as tx:
        await policies.apply(tx, QUICK, "Bea Hill", "why")
        row = {"applied_at": tx.now, "applied_by": "newer code", "why": "why"}
        await tx.conn.execute(insert(policy_edition).values(number=3, text="[tomorrow]\nx = 1\n", **row))
    assert [await danger_minutes(database) for _ in range(3)] == [4, 4, 4]
    assert [record.levelno for record in caplog.records] == [logging.CRITICAL]
    assert "edition 3" in caplog.text
    async with database.transaction() as tx:
        await policies.apply(tx, QUICKER, "Bea Hill", "why")
    assert await danger_minutes(database) == 3


async def test_without_any_good_edition_the_shipped_policy_watches(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with database.transaction() as tx:
        await tx.conn.execute(update(policy_edition).values(text="not a policy"))
    database.shelf = Shelf()
    assert await danger_minutes(database) == 5
    assert "shipped policy" in caplog.text
