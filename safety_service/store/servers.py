"""Several servers of one database, of which one is the primary: whoever connects is led to that one.

After a failover an old primary may come back, or live on, and take itself for one still. Of two, the one on the later
timeline was promoted last; what would be kept on the other is lost.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy.engine import URL

from safety_service.store.errors import DatabaseAway

log = logging.getLogger(__name__)

#: Seconds that one server has to take a connection. All are asked at once.
CONNECT_WITHIN = 4.0
#: Seconds more for the others once a primary has answered; and for who was silent, where nobody else is the primary.
MORE = 0.5
#: Seconds for which a server that was silent is asked, and not waited for.
SILENT_FOR = 30.0
#: Seconds for which what was found on looking at all of them is good for who connects.
FRESH = 5.0
#: Seconds after which it is looked again, for those who are connected. After twice as many they wait for it.
LOOK_EVERY = 5.0
#: Seconds that who is connected waits for that.
LOOK_WITHIN = 1.0
#: Seconds between two times that the same is said to the log.
SAY_EVERY = 60.0
_NEVER = float("-inf")
_PORT = 5432
#: SQLAlchemy's own settings, which may be in an address, too.
_NOT_THE_DRIVERS = "prepared_statement"
#: Too many connections; starting, or shutting down. It lives, and whether it is the primary is not known.
_UNSAID = ("53300", "57P03")
#: The timeline of a primary, and nothing of a standby. `pg_control_checkpoint` is not for everybody; this is.
_TIMELINE = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END
"""
_WRONG = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True)
class _Answer:
    """What a server says it is; only a primary's timeline is not 0."""

    why: str
    timeline: int = 0
    unsaid: bool = False


class Servers:
    """Those of one address. `connect` is for SQLAlchemy, which hands it what the driver is to know."""

    def __init__(self, addresses: Sequence[URL]) -> None:
        self.addresses = tuple(addresses)
        first = self.addresses[0]
        known = {**first.translate_connect_args(username="user"), **first.query}
        self._given: Mapping[str, Any] = {
            name: value for name, value in known.items() if not name.startswith(_NOT_THE_DRIVERS)
        }
        #: The primary that was found last, and its timeline; 0 where none was ever found.
        self._chosen: URL | None = None
        self._timeline = 0
        self._found_at = self._looked_at = _NEVER
        self._look: asyncio.Task[str] | None = None
        self._asked: dict[URL, asyncio.Task[_Answer]] = {}
        self._silent_at: dict[URL, float] = {}
        self._led: WeakKeyDictionary[asyncpg.Connection[Any], URL] = WeakKeyDictionary()
        self._said_at: dict[str, float] = {}

    @property
    def several(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.addresses) > 1

    async def connect(self, **given: Any) -> "asyncpg.Connection[Any]":
        """A connection to the primary. Raises DatabaseAway when there is none."""
        self._given = given
        why = ""
        for fresh in (FRESH, 0.0):
            if time.monotonic() - self._found_at >= fresh:
                await self._find()
            there = self._chosen
            assert there is not None
            connection, answer = await self._opened(there)
            if connection is not None:
                if there == self._chosen and answer.timeline == self._timeline:
                    self._led[connection] = there
                    return connection
                connection.terminate()
            why = f"{_named(there)}: {answer.why}"
        raise DatabaseAway(f"no server is the primary ({why})")

    async def leads(self, connection: "asyncpg.Connection[Any]") -> bool:
        """Whether this connection, made some time ago, is to the primary still, as far as anybody has heard."""
        age = time.monotonic() - self._looked_at
        if age >= LOOK_EVERY:
            look = self._look_now()
            if age >= 2 * LOOK_EVERY:
                await asyncio.wait({look}, timeout=LOOK_WITHIN)
        return self._led.get(connection) == self._chosen

    async def primary(self) -> int:
        """Which of them is the primary. Raises DatabaseAway."""
        if not self.several:
            return 0
        await self._find()
        assert self._chosen is not None
        return self.addresses.index(self._chosen)

    async def _find(self) -> None:
        if why := await asyncio.shield(self._look_now()):
            raise DatabaseAway(f"no server is the primary ({why})")

    def _look_now(self) -> "asyncio.Task[str]":
        """One look for all who want to know."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._looked())
        return self._look

    async def _looked(self) -> str:
        """Why none of them is the primary, or nothing."""
        why = self._decided(await self._answers())
        self._looked_at = time.monotonic()
        self._found_at = _NEVER if why else self._looked_at
        return why

    async def _answers(self) -> dict[URL, _Answer]:
        """What they answer in time. Who knows no timeline yet waits for all: one of them may be on a later one."""
        now = time.monotonic()
        asked = {each: self._ask_now(each) for each in self.addresses}
        silent = {asked[each] for each, at in self._silent_at.items() if now - at < SILENT_FOR and self._timeline}
        waiting, found = set(asked.values()) - silent, False
        while waiting and not found:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            found = any(each.result().timeline >= self._timeline > 0 for each in done)
        if rest := waiting if found else silent:
            await asyncio.wait(rest, timeout=MORE)
        return {each: task.result() for each, task in asked.items() if task.done()}

    def _decided(self, answers: Mapping[URL, _Answer]) -> str:
        newest = max((each.timeline for each in answers.values()), default=0)
        first = [each for each, answer in answers.items() if newest and answer.timeline == newest]
        for each, answer in answers.items():
            if 0 < answer.timeline < newest:
                self._say(f"{_named(each)} takes itself for the primary, and is on an older timeline")
        said = "; ".join(f"{_named(each)}: {answers.get(each, _Answer('silent')).why}" for each in self.addresses)
        if not first:
            return said
        names = " and ".join(map(_named, first))
        if newest < self._timeline:
            self._say(f"{names} was the primary once: nothing is kept on its older timeline")
            return f"{names} is on an older timeline"
        if len(first) > 1:
            self._say(f"{names} both take themselves for the primary: nothing is kept on either")
            return f"{names} are on one timeline"
        if not self._timeline and any(each.unsaid for each in answers.values()):
            return f"{said}: who does not say may be on a later timeline; take it out of the address if it is not"
        self._chosen, self._timeline = first[0], newest
        return ""

    def _ask_now(self, address: URL) -> "asyncio.Task[_Answer]":
        task = self._asked.get(address)
        if task is None or task.done():
            task = self._asked[address] = asyncio.create_task(self._ask(address))
            task.add_done_callback(partial(self._heard, address))
        return task

    async def _ask(self, address: URL) -> _Answer:
        connection, answer = await self._opened(address)
        if connection is not None:
            # With a goodbye: without one, the server's log has a line for each time.
            with contextlib.suppress(*_WRONG):
                await connection.close(timeout=MORE)
        return answer

    def _heard(self, address: URL, task: "asyncio.Task[_Answer]") -> None:
        """Also of one that was not waited for: whoever was promoted later wins as soon as it is heard of."""
        if not task.cancelled() and task.exception() is None and task.result().timeline > self._timeline > 0:
            self._chosen, self._timeline, self._found_at = address, task.result().timeline, _NEVER

    async def _opened(self, address: URL) -> "tuple[asyncpg.Connection[Any] | None, _Answer]":
        """A connection that answered, with what it said; or why there is none."""
        there = {**self._given, "host": address.host, "port": address.port or _PORT, "timeout": CONNECT_WITHIN}
        connection, began = None, time.monotonic()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                connection = await asyncpg.connect(**there)
                timeline = await connection.fetchval(_TIMELINE)
        except _WRONG as error:
            _let_go(connection)
            if isinstance(error, OSError) and time.monotonic() - began > MORE:
                self._silent_at[address] = time.monotonic()
            code = getattr(error, "sqlstate", None)
            return None, _Answer(type(error).__name__, unsaid=code in _UNSAID)
        except BaseException:
            _let_go(connection)
            raise
        self._silent_at.pop(address, None)
        return connection, _Answer("a standby") if timeline is None else _Answer("the primary", int(timeline, 16))

    def _say(self, what: str) -> None:
        """To the log, and not with every look."""
        if time.monotonic() - self._said_at.get(what, _NEVER) >= SAY_EVERY:
            self._said_at[what] = time.monotonic()
            log.critical(what)


def _let_go(connection: "asyncpg.Connection[Any] | None") -> None:
    if connection is not None:
        connection.terminate()


def _named(address: URL) -> str:
    return f"{address.host}:{address.port or _PORT}"
