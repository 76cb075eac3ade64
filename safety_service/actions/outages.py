"""A channel that fails for everybody is one alert for each agency, not a thousand (P4)."""

import logging
from collections.abc import Collection
from datetime import timedelta

from safety_service.actions import scene
from safety_service.actions.cases import raise_without_visit
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.reaching import CANARY
from safety_service.domain.words import Kind
from safety_service.store import agencies, outages, stamps
from safety_service.store.database import Tx

log = logging.getLogger(__name__)

#: A channel that took nothing for so long, while messages waited in it, fails.
SILENT = timedelta(seconds=60)
#: One chat alone may be its own trouble; two are the channel's.
CHATS = 2
#: After somebody ended the alert, the same outage is not raised again for so long.
NOT_AGAIN = timedelta(minutes=30)


def took(kind: str) -> str:
    """The name of the stamp that says when a channel last took a message."""
    return f"took:{kind}"


async def look(tx: Tx, kinds: Collection[str]) -> int:
    """Raise what is to be raised; gives how many agencies were told. Like any alert, it is ended by somebody."""
    told = 0
    for kind in kinds:
        if kind == CANARY:
            continue  # its own audit says so
        waiting = await outages.waiting_chats(tx, kind, tx.now - SILENT)
        if not waiting or not await _fails(tx, kind, sum(waiting.values())):
            continue
        untold = {each for each in waiting if not await outages.is_known(tx, each, NOT_AGAIN)}
        # An agency whose numbers somebody counts hears by the next look: others wait for those that are held here.
        for agency_id in sorted(await agencies.lock_free(tx, untold)):
            log.critical("%s has taken nothing for %s: the agency is told", kind, SILENT)
            wanted = RaiseAlert(None, Kind.UNDELIVERABLE, tx.now, tx.now)
            await raise_without_visit(tx, await scene.of_agency(tx, agency_id), wanted)
            told += 1
    return told


async def _fails(tx: Tx, kind: str, chats: int) -> bool:
    if chats < min(CHATS, await outages.live_chats(tx, kind)) or not await outages.tried_in_vain(tx, kind):
        return False
    last = await stamps.last(tx, took(kind))
    return last is None or last.at <= tx.now - SILENT
