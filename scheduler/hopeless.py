"""Alerts that may be told to nobody any more, and that somebody else had in hand when this was to be seen to."""

import asyncio
import logging
import time
from collections.abc import Collection
from uuid import UUID

from safety_service.actions import delivering
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

#: Seconds between two looks.
AGAIN = 0.5
#: Seconds after which nobody looks any more: the time is over in which a rung must have been reached, and it climbed.
GIVEN_UP = 60.0


class Hopeless:
    """Looks again, until whoever has them in hand is done. Losing them costs the rest of the rung's reach time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._until: dict[UUID, float] = {}
        self._some = asyncio.Event()

    def look_again(self, alert_ids: Collection[UUID]) -> None:
        """At these, in a moment."""
        self._until |= dict.fromkeys(alert_ids, time.monotonic() + GIVEN_UP)
        if alert_ids:
            self._some.set()

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(AGAIN)
            looked_at, self._until = self._until, {}
            self._some.clear()
            in_hand = await self._look(looked_at)
            for each in in_hand:
                if looked_at[each] > time.monotonic():
                    self._until.setdefault(each, looked_at[each])
                    self._some.set()

    async def _look(self, alert_ids: Collection[UUID]) -> Collection[UUID]:
        try:
            async with self._database.transaction() as tx:
                return await delivering.climb_if_hopeless(tx, alert_ids)
        except (DatabaseAway, TryAgain) as error:
            log.warning("%d alerts are looked at again: %s", len(alert_ids), type(error).__name__)
            return alert_ids
        except Exception:
            # Ending here would end the sending of all messages. The sweep looks at the rung's time, alert by alert.
            log.exception("%d alerts could not be looked at", len(alert_ids))
            return ()
