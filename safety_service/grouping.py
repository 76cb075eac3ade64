"""Group commit: words that wait at the same moment share one transaction.

A word that needs more than the usual (an alarm waits for it, it is refused, somebody else holds its visit) raises
Alone within the group, has left nothing there, and has a transaction of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway
from safety_service.store.gathered import Alone, Gathered
from safety_service.store.together import Asked, foresee, write
from safety_service.transact import in_transaction

log = logging.getLogger(__name__)

Done = TypeVar("Done")
Work = Callable[[Tx], Awaitable[Any]]

#: So many words in one transaction at most: the last of them waits for the rules of all.
MOST = 64
#: Words between two times that others have their turn.
TURN = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    asked: Asked
    work: Work
    answer: asyncio.Future[Any]


class Grouping:
    """Takes words in groups: a group begins at once, and whoever comes while it is under way is in the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # While PostgreSQL works on one group, we work on another. SQLite has one writer.
        self._lanes = 1 if database.dialect == "sqlite" else 2
        self._busy = 0
        self._waiting: list[_Waiting] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def done(self, asked: Asked, work: Callable[[Tx], Awaitable[Done]]) -> Done:
        """As `in_transaction`, for a word that asks this. Raises what that raises."""
        mine = _Waiting(asked, work, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        # Not by how many tasks there are: one that has just found nothing to do is there for a moment longer.
        if self._busy < self._lanes:
            self._begin()
        try:
            answer: Done = await mine.answer
        except Alone:
            return await in_transaction(self._database, work)
        return answer

    async def close(self) -> None:
        """Wait for what is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _begin(self) -> None:
        self._busy += 1
        task = asyncio.create_task(self._work())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _work(self) -> None:
        try:
            while group := self._next():
                await self._answered(group)
        finally:
            self._busy -= 1

    async def _answered(self, group: list[_Waiting]) -> None:
        try:
            await self._together(group)
        except DatabaseAway as away:
            # Whoever waits, too: group after group would each wait as long for a server that says nothing.
            waiting, self._waiting = self._waiting, []
            _tell([*group, *waiting], away)
        except Exception:  # noqa: BLE001  (each of them meets it again, where it is answered)
            _tell(group, Alone())
        except BaseException:
            for each in group:
                each.answer.cancel()
            raise

    def _next(self) -> list[_Waiting]:
        """Those who came first; of what one phone says on one visit only the first."""
        group: dict[Any, _Waiting] = {}
        later = []
        for each in self._waiting:
            if each.answer.done():
                continue
            whose = each.asked.visit_id, each.asked.token
            if len(group) < MOST and whose not in group:
                group[whose] = each
            else:
                later.append(each)
        self._waiting = later
        return list(group.values())

    async def _together(self, group: list[_Waiting]) -> None:
        heard: list[tuple[_Waiting, Any, Gathered]] = []
        async with self._database.transaction() as tx:
            views = await foresee(tx, [each.asked for each in group])
            for place, (each, view) in enumerate(zip(group, views, strict=True), start=1):
                try:
                    if view is not None:
                        heard.append((each, await each.work(view), view))
                except Exception as error:  # noqa: BLE001  (it is met again alone, where it is answered)
                    log.debug("a word leaves its group: %s", type(error).__name__)
                if place % TURN == 0:
                    await asyncio.sleep(0)
            await write(tx, [view for _, _, view in heard])
        for each, answer, _ in heard:
            if not each.answer.done():
                each.answer.set_result(answer)
        _tell(group, Alone())


def _tell(group: list[_Waiting], error: Exception) -> None:
    """Those who have no answer yet."""
    for each in group:
        if not each.answer.done():
            each.answer.set_exception(error)
