"""What is done now and then, and that nobody waits for."""

from safety_service.actions import removing
from safety_service.actions.restoring import HELD
from safety_service.store import housekeeping, revival
from safety_service.store.database import Tx


async def tidy(tx: Tx) -> dict[str, int]:
    """Remove what has served its time: what is no evidence at once, records by policy; gives how many of each."""
    return {**await clear(tx), **await removing.remove_old(tx)}


async def clear(tx: Tx) -> dict[str, int]:
    """Only what is no evidence: codes, sessions, forms, remembered answers."""
    return {**await housekeeping.tidy(tx), "held messages": await revival.drop_held(tx, HELD)}
