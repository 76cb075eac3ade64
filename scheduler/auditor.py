"""The auditor: apart from the sweep, it asks whether what should have been done was done, and tells the outside."""

import asyncio
import logging
import time
from datetime import timedelta

import aiohttp

from safety_service.actions import auditing
from safety_service.actions.auditing import Audit
from safety_service.services import Health
from safety_service.store import stamps
from safety_service.store.database import Database
from safety_service.store.errors import CannotKeep, DatabaseAway, TryAgain

log = logging.getLogger(__name__)

#: Name of the auditor's stamp.
AUDITOR = "auditor"
#: Name of the stamp by which it tries whether anything can be kept.
AUDITED = "audited"
#: Seconds between two audits that nobody asked for.
EVERY = 5.0
#: Seconds for which an audit is good enough for whoever asks.
FRESH = 1.0
#: Seconds that an audit may take; a database that needs longer is away.
WITHIN = 5.0
#: Between two pings of the heartbeat; of several auditors whoever comes first.
HEARTBEAT_EVERY = timedelta(seconds=60)
#: Seconds that whoever listens for the heartbeat may take.
PING_WITHIN = 10.0


class Auditor:
    """Audits every few seconds, and whenever somebody wants to know. Only a clean audit makes the heart beat."""

    def __init__(self, database: Database, *, polls: bool, heartbeat_url: str | None = None) -> None:
        self._served = database
        self._database = database.apart()
        self._polls = polls
        self._heartbeat_url = heartbeat_url
        self._turn = asyncio.Lock()
        self._last: Audit | None = None
        self._why_not = "nobody has looked yet"
        #: Why nothing can be kept; None: it can.
        self._keeps_nothing: str | None = None
        self._looked_at = float("-inf")
        self._said: tuple[str, ...] = ()

    async def health(self) -> Health:
        """How the service is, as of this second."""
        audit = await self.audit(FRESH)
        if audit is None:
            return Health(faults=(self._why_not,))
        return Health(self._faults(audit), audit.warnings, (*self._notes(audit), *self._crowded()), audit.canary)

    def _notes(self, audit: Audit) -> tuple[str, ...]:
        """Those who send say for themselves whether they reach Redis; of this process alone nobody else knows it."""
        known = any(each.startswith(auditing.REDIS_AWAY) for each in audit.notes)
        if known or not self._database.hot.apart:
            return audit.notes
        return (*audit.notes, f"{auditing.REDIS_AWAY} for this web process alone: its pages hear late")

    def _crowded(self) -> tuple[str, ...]:
        """What this process serves waits for one another."""
        return ("every connection of this process to the database is in use",) if self._served.all_in_use else ()

    def _faults(self, audit: Audit) -> tuple[str, ...]:
        return audit.faults if self._keeps_nothing is None else (self._keeps_nothing, *audit.faults)

    async def audit(self, fresh: float = 0.0) -> Audit | None:
        """An audit not older than this (seconds); None when the database does not answer."""
        async with self._turn:
            if time.monotonic() - self._looked_at >= fresh:
                self._last = await self._look()
                self._looked_at = time.monotonic()
            return self._last

    async def run(self) -> None:
        """Audit until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PING_WITHIN)) as outside:
            while True:
                await asyncio.sleep(EVERY)
                await self._try_to_keep()
                audit = await self.audit()
                self._shout(audit)
                try:
                    if await self._beats(audit):
                        await self._ping(outside)
                except (DatabaseAway, TryAgain) as error:
                    log.warning("no heartbeat: %s", type(error).__name__)

    async def _look(self) -> Audit | None:
        try:
            async with asyncio.timeout(WITHIN), self._database.reading() as tx:
                return await auditing.look(tx, polls=self._polls)
        except (DatabaseAway, TryAgain, TimeoutError) as error:
            self._why_not = f"the database does not answer ({str(error) or type(error).__name__})"
            return None

    async def _try_to_keep(self) -> None:
        """Reading alone would not tell that the disk is full: something is written, too."""
        try:
            async with asyncio.timeout(WITHIN), self._database.transaction() as tx:
                await stamps.stamp(tx, AUDITED)
        except CannotKeep as error:
            self._keeps_nothing = str(error)
        except (DatabaseAway, TryAgain, TimeoutError):
            return  # the audit says it
        else:
            self._keeps_nothing = None

    def _shout(self, audit: Audit | None) -> None:
        """Say what was found, once for as long as it stays so."""
        found = (self._why_not,) if audit is None else (*self._faults(audit), *audit.warnings)
        kinds = tuple(_without_figures(each) for each in found)
        if kinds != self._said:
            for each in found:
                log.critical("audit: %s", each)
            if not found:
                log.warning("audit: all is well again")
        self._said = kinds

    async def _beats(self, audit: Audit | None) -> bool:
        """Whether it is time for a heartbeat and ours to give. The stamp says when all was last found well."""
        if audit is None or not audit.clean or self._keeps_nothing is not None:
            return False
        async with self._database.transaction() as tx:
            last = await stamps.last(tx, AUDITOR)
            if last is not None and timedelta() <= tx.now - last.at < HEARTBEAT_EVERY:
                return False
            await stamps.stamp(tx, AUDITOR)
        return True

    async def _ping(self, outside: aiohttp.ClientSession) -> None:
        if not self._heartbeat_url:
            return
        try:
            async with outside.get(self._heartbeat_url) as answer:
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("the heartbeat was not heard: %s", type(error).__name__)


def _without_figures(said: str) -> str:
    return "".join(each for each in said if not each.isdigit())
