"""One word's view of a transaction that it shares with others: what it reads is there, what it writes is collected.

A word's own rules run on it as on any transaction. What they ask that was not foreseen raises Alone, and that word has
a transaction of its own instead: so this knows what the usual word reads, and nothing of the rules.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn
from uuid import UUID

from config.policy import Policy
from safety_service.store import answers, events, said, sessions, unsent
from safety_service.store import visits_sql as visits
from safety_service.store.database import Tx
from safety_service.store.ready import Ready

#: What a word may write here: nobody asks how many rows these changed.
_MAY_WRITE = frozenset({said.ADD, events.ADD, visits.SAVE_WATCH, unsent.ANSWERED, sessions.SEEN, answers.KEEP})


class Alone(Exception):
    """This word needs more than was foreseen."""


class _Closed:
    """Stands for what was not opened. Whoever looks at it needs a transaction of their own."""

    def _look(self, *_: object) -> NoReturn:
        raise Alone

    __getattr__ = __getitem__ = __iter__ = __len__ = __contains__ = __str__ = __format__ = __repr__ = _look

    def __bool__(self) -> bool:
        return True


CLOSED: Any = _Closed()


@dataclass(slots=True)
class Foreseen:
    """What was read for all words of a group together."""

    policy: Policy
    rows: dict[tuple[Ready, tuple[Any, ...]], list[Any]] = field(default_factory=dict)
    #: (visit, person) to whom a question waits to go out.
    asked: set[tuple[UUID, UUID]] = field(default_factory=set)

    def put(self, statement: Ready, rows: list[Any], **values: Any) -> None:
        """With these values the statement gives these rows."""
        self.rows[statement, _key(values)] = rows

    def get(self, statement: Ready, values: Mapping[str, Any]) -> list[Any]:
        """What it gives with these values. Raises Alone."""
        try:
            return self.rows[statement, _key(values)]
        except KeyError:
            raise Alone from None


class Gathered(Tx):
    """One word's view. Nothing here waits for the database."""

    def __init__(self, tx: Tx, foreseen: Foreseen) -> None:
        self.now = tx.now
        self.dialect = tx.dialect
        self.shelf = tx.shelf
        self.guidances = tx.guidances
        self.remembered = tx.remembered
        self.owed = None
        self.writes: list[tuple[Ready, Mapping[str, Any]]] = []
        self._announcements = []
        self._after = []
        self._foreseen = foreseen

    def __getattr__(self, name: str) -> Any:
        # The connection, its driver, the keys of the indexes: what only a whole transaction has.
        raise Alone

    async def policy(self) -> Policy:
        return self._foreseen.policy

    async def all(self, statement: Ready, **values: Any) -> list[Any]:
        return self._foreseen.get(statement, values)

    async def do(self, statement: Ready, **values: Any) -> int:
        if statement not in _MAY_WRITE:
            raise Alone
        if statement is unsent.ANSWERED and (values["visit_id"], values["person_id"]) not in self._foreseen.asked:
            return 0
        self.writes.append((statement, values))
        return 1

    async def do_all(self, statement: Ready, rows: Sequence[Mapping[str, Any]]) -> None:
        for each in rows:
            await self.do(statement, **each)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        return self._whole()

    @asynccontextmanager
    async def _whole(self) -> AsyncIterator[None]:
        # What is refused is undone up to here, and noted: that takes a savepoint that is one.
        try:
            yield
        except Exception as error:
            raise Alone from error

    def follow_with(self, tx: Tx, announced: set[str]) -> None:
        """What is to follow this word follows the transaction that it shared: what says no more than once, once."""
        for topic, payload in self._announcements:
            if payload is not None or topic not in announced:
                tx.announce(topic, payload)
            announced.add(topic)
        for call in self._after:
            tx.after_commit(call)


def _key(values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(tuple(each) if isinstance(each, list | tuple | set) else each for _, each in sorted(values.items()))
