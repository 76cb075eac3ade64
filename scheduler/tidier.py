"""Tidying up, once an hour by one process: rule by rule, each batch in a transaction of its own.

What is old is looked for beside those who write, so that a word never waits for more than one batch.
"""

import logging
import time
from datetime import timedelta

from safety_service.actions import housekeeping, removing
from safety_service.store import leases
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.retention import RULES, Rule

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
#: How long a run may take; what is left waits for the next one.
WITHIN = timedelta(minutes=2)
#: Seconds for which one rule goes on, so that every other has its turn.
A_RULE = 5.0


class Tidier:
    """`once` tidies up, if no other process does."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    async def once(self) -> None:
        """A run: what is no evidence, then every rule of retention. One that fails is loud, and stops no other."""
        async with self._database.transaction() as tx:
            if not await leases.hold(tx, "tidy", self._holder, EVERY / 2):
                return
            done = await housekeeping.clear(tx)
            if not await removing.settled(tx):
                log.info("nothing is removed by its age yet: the clock has to go on evenly for a day before")
                return
        for rule in RULES:
            try:
                done[rule.name] = await self._work_through(rule)
            except (DatabaseAway, TryAgain):
                raise
            except Exception:
                log.exception("retention did not get through: %s", rule.name)
        log.info("removed what is old: %s", ", ".join(f"{count} {name}" for name, count in done.items()))

    async def _work_through(self, rule: Rule) -> int:
        """Batch after batch, until there is no more of it, or its time is over."""
        until, done = time.monotonic() + A_RULE, 0
        while True:
            async with self._database.reading() as tx:
                ids = await removing.old(tx, rule)
            if not ids:
                return done
            async with self._database.transaction() as tx:
                removed = await removing.remove(tx, rule, ids)
            done += removed
            if not removed or len(ids) < rule.at_once or time.monotonic() > until:
                return done
