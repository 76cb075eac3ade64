"""Whether those who go have the training that a visit needs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from safety_service.domain.training import Missing, missing, needed
from safety_service.domain.watch import level_of
from safety_service.domain.words import Risk
from safety_service.store import people, training
from safety_service.store.database import Tx


@dataclass(frozen=True, slots=True)
class Lack:
    """Somebody who goes lacks a training."""

    worker_id: UUID
    worker: str
    missing: Missing


async def lacks(tx: Tx, workers: Collection[UUID], risk: Risk, behaviours: Iterable[str], on: date) -> list[Lack]:
    """Who of these lacks what on that day, by the risk and by what was met at the family (keys of the guidance)."""
    policy = (await tx.policy()).training
    met = tuple(behaviours)
    found: list[Lack] = []
    for worker in (await people.many(tx, workers)).values():
        known = (await tx.guidance(worker.agency_id)).guidance.behaviours if met else {}
        wanted = needed(level_of(risk), (known[key].training for key in met if key in known), policy)
        if wanted:
            had = await training.of(tx, worker.id)
            found += [Lack(worker.id, worker.name, each) for each in missing(had, wanted, on, policy)]
    return found
