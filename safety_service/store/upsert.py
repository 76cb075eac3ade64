"""INSERT with ON CONFLICT, which both databases know and SQLAlchemy keeps in each dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from safety_service.store.database import Tx


def insert_or(tx: Tx, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can go on with `on_conflict_do_nothing` or `on_conflict_do_update`."""
    return insert_for(tx.dialect, table)


def insert_for(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """The same for a kind of database, by name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
