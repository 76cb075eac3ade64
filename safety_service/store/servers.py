"""Several servers of one database, of which one is the primary: whoever connects is led to that one.

After a failover an old primary may come back and take itself for one still. Of two, the one on the later timeline was
promoted last; what would be kept on the other is lost.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.engine import URL

from safety_service.store.errors import DatabaseAway

log = logging.getLogger(__name__)

#: Seconds that one server has to take a connection. All are asked at once: one that is frozen holds up no other.
CONNECT_WITHIN = 4.0
#: Seconds for which what was found on looking at all of them is good.
FRESH = 5.0
_PORT = 5432
#: SQLAlchemy's own settings, which may be in an address, too.
_NOT_THE_DRIVERS = "prepared_statement"
#: The timeline of a primary, and nothing of a standby. `pg_control_checkpoint` is not for everybody; this is.
_TIMELINE = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END
"""


@dataclass(frozen=True)
class _Primary:
    address: URL
    timeline: int
    connection: "asyncpg.Connection[Any]"


class Servers:
    """Those of one address. `connect` is for SQLAlchemy, which hands it what the driver is to know."""

    def __init__(self, addresses: Sequence[URL]) -> None:
        self.addresses = tuple(addresses)
        #: The primary that was found when all were looked at, and when that was.
        self._found: URL | None = None
        self._looked_at = float("-inf")
        self._timeline = 0

    @property
    def several(self) -> bool:
        """Whether there is anything to choose."""
        return len(self.addresses) > 1

    async def connect(self, **given: Any) -> "asyncpg.Connection[Any]":
        """A connection to the primary. Raises DatabaseAway when there is none."""
        if self._found is not None and time.monotonic() - self._looked_at < FRESH:
            known = await self._tried(self._found, given)
            if isinstance(known, _Primary):
                return known.connection
        return (await self._best(given)).connection

    async def primary(self) -> int:
        """Which of them is the primary. Raises DatabaseAway."""
        first = self.addresses[0]
        if not self.several:
            return 0
        given = {**first.translate_connect_args(username="user"), **first.query}
        best = await self._best({name: value for name, value in given.items() if not name.startswith(_NOT_THE_DRIVERS)})
        best.connection.terminate()
        return self.addresses.index(best.address)

    async def _best(self, given: Mapping[str, Any]) -> _Primary:
        self._found = None
        answers = await asyncio.gather(*(self._tried(each, given) for each in self.addresses))
        primaries = [each for each in answers if isinstance(each, _Primary)]
        best = max(primaries, key=lambda each: each.timeline, default=None)
        for each in primaries:
            if each is not best:
                log.critical("%s takes itself for the primary, and is on an older timeline", _named(each.address))
                each.connection.terminate()
        if best is None:
            said = "; ".join(f"{_named(at)}: {why}" for at, why in zip(self.addresses, answers, strict=True))
            raise DatabaseAway(f"no server is the primary ({said})")
        if best.timeline < self._timeline:
            best.connection.terminate()
            log.critical("%s was the primary once: nothing is kept on its older timeline", _named(best.address))
            raise DatabaseAway(f"no server is the primary ({_named(best.address)} is on an older timeline)")
        self._found, self._looked_at, self._timeline = best.address, time.monotonic(), best.timeline
        return best

    async def _tried(self, address: URL, given: Mapping[str, Any]) -> "_Primary | str":
        """The primary, or why it is none."""
        there = {**given, "host": address.host, "port": address.port or _PORT, "timeout": CONNECT_WITHIN}
        connection = None
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                connection = await asyncpg.connect(**there)
                timeline = await connection.fetchval(_TIMELINE)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return self._let_go(connection, type(error).__name__)
        except BaseException:
            self._let_go(connection, "")
            raise
        if timeline is None:
            return self._let_go(connection, "a standby")
        return _Primary(address, int(timeline, 16), connection)

    @staticmethod
    def _let_go(connection: "asyncpg.Connection[Any] | None", why: str) -> str:
        if connection is not None:
            connection.terminate()
        return why


def _named(address: URL) -> str:
    return f"{address.host}:{address.port or _PORT}"
