"""Savepoints of SQLite, where SQLAlchemy's own would take a detour."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safety_service.store.database import Tx


class Savepoint:
    """One savepoint of SQLite. Not a generator: every word and message takes several."""

    __slots__ = ("_follows", "_name", "_tx")

    def __init__(self, tx: Tx, name: str) -> None:
        self._tx = tx
        self._name = name
        self._follows = tx.follows

    async def __aenter__(self) -> None:
        await (await self._tx.driver()).run(f"SAVEPOINT {self._name}", ())

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        driver = await self._tx.driver()
        if kind is None:
            await driver.run(f"RELEASE SAVEPOINT {self._name}", ())
            return
        self._tx.undo(*self._follows)
        if driver.lives:
            await driver.run(f"ROLLBACK TO SAVEPOINT {self._name}", ())
