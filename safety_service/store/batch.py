"""Many due things in one transaction, as if each were alone: what they read is read at once, and so is it written.

A storm is a thousand alarms that are due in the same second. One by one each takes some twenty statements; together
all of them take as many. What is done for each stays as it is: it asks the store, and the store answers from what was
read for all (`foreseen`); what nobody foresaw is asked of the database as ever, after all that waits has been written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache, update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import Insert, Table, Update
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.base import metadata

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
Values = Mapping[str, Any]


class Batch(Tx):
    """The transaction of a batch, or a part of it. What it was given to write is written by `flush`."""

    def __init__(self, tx: Tx) -> None:
        # Its lists of what follows the commit, and what was remembered, are those of the transaction itself.
        self.__dict__.update(tx.__dict__)
        self.known: dict[Any, Any] = {}
        self.foreseen = self.known
        self._whole = tx
        self._pile: dict[Ready, list[Values]] = {}
        self._announced: set[str] = set()
        self._new: set[str] = set()
        self._last: dict[Ready, dict[UUID, Values]] = {}

    def foresee(self, function: Callable[..., Awaitable[Any]], *asked: Any, answer: Any) -> None:
        """What this function of the store will answer."""
        self.known[_name(function), asked] = answer

    def is_new(self, row_id: UUID) -> None:
        """This was not there before."""
        self._new.add(str(row_id))

    def announce(self, topic: str, payload: dict[str, Any] | None = None) -> None:
        """Publish this after the commit; what says no more than once, once, and of what is new in here nothing.

        Nobody can be looking at what was not there before.
        """
        if topic.rpartition(":")[2] in self._new:
            return
        if payload is not None or topic not in self._announced:
            self._announced.add(topic)
            super().announce(topic, payload)

    async def write(self, statement: Ready, rows: Sequence[Values]) -> None:
        """Write these rows with those of the others."""
        self._pile.setdefault(statement, []).extend(rows)

    def write_last(self, statement: Ready, row_id: UUID, row: Values) -> None:
        """Write this of what is said again and again of one row: only how it was left."""
        self._last.setdefault(statement, {})[row_id] = row

    async def flush(self) -> None:
        """Write all that waits: new rows before changed ones, and none before what it refers to."""
        while self._last:
            statement, rows = self._last.popitem()
            self._pile.setdefault(statement, []).extend(rows.values())
        while self._pile:
            statement = min(self._pile, key=self._place)
            await self._whole.do_all(statement, self._pile.pop(statement))

    def _place(self, statement: Ready) -> tuple[bool, int]:
        written = statement.for_(self._whole.conn.dialect).statement
        assert isinstance(written, Insert | Update) and isinstance(written.table, Table)
        return not isinstance(written, Insert), _tables()[written.table.name]

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Raises RuntimeError: what waits to be written could not be undone apart. Such a one is done alone."""
        raise RuntimeError("within a batch nothing is undone by itself")

    @property
    def conn(self) -> AsyncConnection:  # type: ignore[override] # nobody sets it
        """The connection: what is asked of it finds all that was written before."""
        return _AfterAll(self)  # type: ignore[return-value] # as much of it as the store asks for

    async def all(self, statement: Ready, **values: Any) -> list[Any]:
        """As of any transaction, with what waits to be written."""
        await self.flush()
        return await self._whole.all(statement, **values)

    async def do(self, statement: Ready, **values: Any) -> int:
        """As of any transaction, after what waits to be written."""
        await self.flush()
        return await self._whole.do(statement, **values)

    async def do_all(self, statement: Ready, rows: Sequence[Values]) -> None:
        """As of any transaction, after what waits to be written."""
        await self.flush()
        await self._whole.do_all(statement, rows)


class _AfterAll:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self.dialect = batch._whole.conn.dialect

    async def execute(self, *asked: Any) -> Any:
        await self._batch.flush()
        return await self._batch._whole.conn.execute(*asked)


def foreseen(
    function: Callable[Concatenate[Tx, Asked], Awaitable[Answer]],
) -> Callable[Concatenate[Tx, Asked], Coroutine[Any, Any, Answer]]:
    """Within a batch, what this asks is asked once. Only for what no batch changes by what it does."""

    name = _name(function)

    async def asked(tx: Tx, /, *args: Asked.args, **named: Asked.kwargs) -> Answer:
        if tx.foreseen is None:
            return await function(tx, *args, **named)
        key = (name, (*args, *named.items()))
        try:
            found: Answer = tx.foreseen[key]
        except KeyError:
            found = tx.foreseen[key] = await function(tx, *args, **named)
        except TypeError:
            # Asked with a list, by which nothing can be found again.
            return await function(tx, *args, **named)
        return found

    update_wrapper(asked, function)
    return asked


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@cache
def _tables() -> dict[str, int]:
    return {each.name: place for place, each in enumerate(metadata.sorted_tables)}


def by(rows: Collection[Any], *names: str) -> dict[Any, list[Any]]:
    """The rows by the values of these columns."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in names)
        found.setdefault(key[0] if len(names) == 1 else key, []).append(row)
    return found
