"""Every statement that goes to a database, with its time: by SQLAlchemy's events, and at the drivers themselves."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

from safety_service.store.drivers import InlineSqlite, Postgres, ThreadedSqlite
from safety_service.store.inline import InlineEngine

_LOCK = re.compile(r"\bFOR (?:NO KEY )?UPDATE\b")
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as the driver got it. `seconds`: from handing it over until its answer is here."""

    sql: str
    params: Any
    seconds: float

    @property
    def name(self) -> str:
        """What it does to which table: `UPDATE watch`, `SELECT visit … FOR UPDATE`, `COMMIT`."""
        words = self.sql.split()
        table = _TABLE.search(self.sql)
        if table is None or words[0].upper() in ("SAVEPOINT", "RELEASE"):
            return " ".join(words[:2]) if words[0].upper() in ("SELECT", "BEGIN") else words[0].upper()
        lock = " … FOR UPDATE" if _LOCK.search(self.sql) else ""
        return f"{words[0].upper()} {table[1]}{lock}"


class Recording:
    """The statements of one connection at a time, in order."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self._began = 0.0
        self._committing = False

    def take(self) -> list[Statement]:
        """What was recorded since the last time."""
        taken, self.statements = self.statements, []
        return taken

    def before(self, *_: Any) -> None:
        """A statement is handed over."""
        self._began = time.perf_counter()

    def after(self, _connection: Connection, _cursor: Any, sql: str, params: Any, *_: Any) -> None:
        """Its answer is here."""
        self.statements.append(Statement(sql, params, time.perf_counter() - self._began))

    def commit(self, _connection: Connection) -> None:
        """A commit begins; it is done when the connection is given back."""
        self._began, self._committing = time.perf_counter(), True

    def given_back(self, *_: Any) -> None:
        """The connection goes back to its pool."""
        if self._committing:
            self.statements.append(Statement("COMMIT", (), time.perf_counter() - self._began))
        self._committing = False

    def taken(self, sql: str, rows: Sequence[Any], seconds: float) -> None:
        """A driver was given this: for one row of values, or for several."""
        self.statements += [Statement(sql, tuple(values), seconds / len(rows)) for values in rows]


def _timed(made: Recording, method: Callable[..., Awaitable[Any]], *, many: bool = False) -> Callable[..., Any]:
    async def timed(driver: Any, sql: str, values: Any) -> Any:
        began = time.perf_counter()
        try:
            return await method(driver, sql, values)
        finally:
            made.taken(sql, values if many else [values], time.perf_counter() - began)

    return timed


def _timed_apart(made: Recording, apart: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def timed(engine: Any, call: Callable[..., Any], *words: Any) -> Any:
        began = time.perf_counter()
        try:
            return await apart(engine, call, *words)
        finally:
            if words:
                made.taken(words[0], [()], time.perf_counter() - began)

    return timed


@contextmanager
def _at_the_drivers(made: Recording) -> Iterator[None]:
    with ExitStack() as undone:
        for kind in (InlineSqlite, ThreadedSqlite, Postgres):
            for name in ("fetch", "run", "run_many"):
                timed = _timed(made, getattr(kind, name), many=name == "run_many")
                undone.enter_context(patch.object(kind, name, timed))
        undone.enter_context(patch.object(InlineEngine, "apart", _timed_apart(made, InlineEngine.apart)))
        yield


@contextmanager
def recording() -> Iterator[Recording]:
    """Record every statement of this process meanwhile."""
    made = Recording()
    hooks = [
        (Engine, "before_cursor_execute", made.before),
        (Engine, "after_cursor_execute", made.after),
        (Engine, "commit", made.commit),
        (Pool, "reset", made.given_back),
    ]
    for target, name, hook in hooks:
        event.listen(target, name, hook)
    try:
        with _at_the_drivers(made):
            yield made
    finally:
        for target, name, hook in hooks:
            event.remove(target, name, hook)
