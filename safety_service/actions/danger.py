"""Duress that no word of the watch brings: typed by itself, or with a word that is refused. Nobody sees it heard."""

from datetime import datetime
from uuid import UUID

from safety_service.actions import scene as scenes
from safety_service.actions.cases import raise_on_visit, raise_without_visit
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Kind, Phase
from safety_service.store import alerts, visits
from safety_service.store.database import Tx


async def duress(tx: Tx, worker_id: UUID, visit_id: UUID | None, said_at: datetime) -> None:
    """Open the alert, or tell its owner again: about the visit that runs, else about the worker alone."""
    wanted = RaiseAlert(worker_id, Kind.DURESS, said_at, said_at)
    row = None if visit_id is None else (await visits.opened(tx, [visit_id], lock=True)).get(visit_id)
    if row is not None and not row.unread and row.visit.watch(worker_id).phase in (Phase.INSIDE, Phase.HOME):
        await raise_on_visit(tx, await scenes.of_visit(tx, row, duress_of=worker_id), wanted)
        return
    await alerts.lock_worker(tx, worker_id)
    await raise_without_visit(tx, await scenes.of_worker(tx, worker_id, duress_of=worker_id), wanted)
