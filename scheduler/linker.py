"""Linking the evidence log into its chain: in the background, in small batches, by one process at a time."""

import logging
import time
from datetime import timedelta

from safety_service.actions import event_chain
from safety_service.store import leases
from safety_service.store.database import Database

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=10)
WITHIN = timedelta(seconds=20)
#: Entries in one transaction: others write between two of them.
BATCH = 250
#: Seconds for which one run goes on.
A_RUN = 5.0
#: Seconds between two lines that say where the chain ends, and two looks further back.
SAY_EVERY = 3600.0


class Linker:
    """`once` links what has come in since the last time, if no other process does."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder
        self._said_at = float("-inf")

    async def once(self) -> None:
        """One run."""
        thorough = time.monotonic() - self._said_at >= SAY_EVERY
        lookback = event_chain.FAR if thorough else event_chain.JUST_NOW
        until = time.monotonic() + A_RUN
        done = BATCH
        while done == BATCH and time.monotonic() < until:
            done = await self._batch(lookback)
        if thorough:
            await self._say_where_it_ends()

    async def _batch(self, lookback: timedelta) -> int:
        """Opening and digesting is done beside those who write; they wait for no more than the rows."""
        async with self._database.reading() as tx:
            before, links = await event_chain.prepared(tx, BATCH, lookback)
        if not links:
            return 0
        async with self._database.transaction() as tx:
            await tx.must_be_current()
            mine = await leases.hold(tx, "event_chain", self._holder, EVERY * 3)
            return len(links) if mine and await event_chain.appended(tx, before, links) else 0

    async def _say_where_it_ends(self) -> None:
        """The process's log is kept elsewhere than the database: who cuts off the chain's end does not reach it."""
        async with self._database.reading() as tx:
            last = await event_chain.head(tx)
        if last is not None:
            log.info("the evidence log's chain ends at %d:%s", last.number, last.digest)
        self._said_at = time.monotonic()
