"""Chasing what is undecided, unread or overdue in the learning loop; apart from the sweep, which watches people."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, SchemaIsNewer, TryAgain
from scheduler.sweeper import Sweep

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=2)
WITHIN = timedelta(seconds=30)
BATCH = 20


class Chaser:
    """Each run does a batch of each chase, in a transaction of its own; what fails in one stops no other."""

    def __init__(self, database: Database, chases: Mapping[str, Sweep]) -> None:
        self._database = database
        self._chases = chases

    async def once(self) -> None:
        """One run."""
        for name, chase in self._chases.items():
            try:
                async with self._database.transaction() as tx:
                    await tx.must_be_current()
                    await chase(tx, BATCH)
            except (DatabaseAway, SchemaIsNewer):
                raise
            except TryAgain as error:
                log.warning("chasing %s: %s", name, error)
            except Exception:
                log.exception("chasing %s failed", name)
