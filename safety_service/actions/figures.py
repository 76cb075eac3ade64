"""The figures of one moment, for those who look after the service: counts, never whose."""

from dataclasses import dataclass

from safety_service.store import audit, tallies
from safety_service.store import figures as rows
from safety_service.store.database import Tx
from safety_service.store.figures import Pending
from safety_service.store.tallies import Tally


@dataclass(frozen=True, slots=True)
class Figures:
    """Times in seconds."""

    lag: float
    watched: int
    alerts: dict[str, int]
    pending: list[Pending]
    oldest: float
    tally: Tally


async def figures(tx: Tx) -> Figures:
    """Read them all."""
    due = await audit.oldest_due(tx)
    pending = await rows.pending(tx)
    oldest = min((each.since for each in pending), default=tx.now)
    return Figures(
        lag=0.0 if due is None else (tx.now - due).total_seconds(),
        watched=await rows.watched(tx),
        alerts=await rows.open_alerts(tx),
        pending=pending,
        oldest=(tx.now - oldest).total_seconds(),
        tally=await tallies.sums(tx),
    )
