"""Statements that are written once: each can be made for both databases, and says what was asked."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Dialect, bindparam, insert, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg

from safety_service import store
from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import agency

from . import rows

DIALECTS: tuple[Dialect, ...] = (sqlite.dialect(), asyncpg.dialect())  # type: ignore[no-untyped-call]
_NAMES = Ready(select(agency.c.id, agency.c.name).where(agency.c.id.in_(bindparam("ids", expanding=True))))
_TIMES = Ready(select(agency.c.id, agency.c.created_at).where(agency.c.created_at == bindparam("at")))
_RENAME = Ready(update(agency).where(agency.c.id == bindparam("this")), "name")
_ADD = Ready(insert(agency), "id", "name", "created_at")


def constants() -> Iterator[tuple[str, Ready]]:
    for each in pkgutil.walk_packages(store.__path__, "safety_service.store."):
        if ".migrations" in each.name:
            continue
        for name, value in vars(importlib.import_module(each.name)).items():
            for one in value.values() if isinstance(value, dict) else (value,):
                if isinstance(one, Ready):
                    yield f"{each.name}.{name}", one


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.name)
def test_every_statement_can_be_made_for_both_databases(dialect: Dialect) -> None:
    found = list(constants())
    assert len(found) > 30
    for _, statement in found:
        statement.for_(dialect)


async def test_a_list_of_any_length_finds_exactly_what_is_in_it(database: Database) -> None:
    async with database.transaction() as tx:
        ids = [await rows.agency(tx, f"agency {number}") for number in range(9)]
        for many in (0, 1, 2, 5, 9):
            found = await tx.all(_NAMES, ids=ids[:many])
            assert {each.id for each in found} == set(ids[:many])


async def test_what_is_said_of_a_change_is_how_many_rows_it_changed(database: Database) -> None:
    async with database.transaction() as tx:
        made = await rows.agency(tx, "before")
        assert await tx.do(_RENAME, this=made, name="after") == 1
        assert await tx.do(_RENAME, this=new_id(), name="nobody") == 0
        assert (await tx.first(_NAMES, ids=[made])).name == "after"
        assert await tx.first(_NAMES, ids=[new_id()]) is None


async def test_a_value_that_is_missing_is_said_and_nothing_is_guessed(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(KeyError, match="name"):
            await tx.do(_RENAME, this=new_id())


async def test_rows_that_are_added_at_once_are_all_there(database: Database) -> None:
    async with database.transaction() as tx:
        ids = [new_id() for _ in range(3)]
        await tx.do_all(_ADD, [{"id": each, "name": str(each), "created_at": tx.now} for each in ids])
        assert {each.name for each in await tx.all(_NAMES, ids=ids)} == {str(each) for each in ids}
        await tx.do_all(_ADD, [])


async def test_what_a_savepoint_undoes_is_undone_for_these_too(database: Database) -> None:
    async with database.transaction() as tx:
        made = await rows.agency(tx, "before")
        with contextlib.suppress(RuntimeError):
            async with tx.savepoint():
                await tx.do(_RENAME, this=made, name="within")
                raise RuntimeError
        assert (await tx.first(_NAMES, ids=[made])).name == "before"


async def test_times_and_ids_are_read_and_written_as_the_columns_say(database: Database) -> None:
    at = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/London"))
    async with database.transaction() as tx:
        made = new_id()
        await tx.do_all(_ADD, [{"id": made, "name": "one", "created_at": at}])
        await tx.conn.execute(insert(agency).values(id=new_id(), name="two", created_at=at))
        by_both = [await tx.all(_TIMES, at=at), (await tx.conn.execute(select(agency.c.id, agency.c.created_at))).all()]
        assert [len(each) for each in by_both] == [2, 2]
        assert {row.created_at for rows_ in by_both for row in rows_} == {at}
        assert all(isinstance(row.id, UUID) for rows_ in by_both for row in rows_)
        assert {row.created_at.utcoffset() for rows_ in by_both for row in rows_} == {timedelta(0)}
        with pytest.raises(ValueError, match="without its offset"):
            await tx.all(_TIMES, at=at.replace(tzinfo=None))
