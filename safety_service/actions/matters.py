"""Visits and alerts as access sees them: whose they are, who is kept off, who was called."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from uuid import UUID

from safety_service.actions.access import Matter
from safety_service.actions.scene import Scene
from safety_service.domain.words import Kind
from safety_service.store import beside, exclusions, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow


def own(row: VisitRow) -> Matter:
    """A visit for its workers' own words: exclusions never stand between a worker and their watch."""
    return Matter(agency_id=row.agency_id, team_id=row.team_id, workers=row.workers)


async def of_visit(tx: Tx, row: VisitRow) -> Matter:
    """A visit for everybody else."""
    excluded = await exclusions.excluded_any(tx, row.workers, row.family_id)
    return Matter(agency_id=row.agency_id, team_id=row.team_id, workers=row.workers, excluded=excluded)


async def kept_off(tx: Tx, person_id: UUID, visit_ids: Collection[UUID]) -> set[UUID]:
    """Those of these visits that this person is kept off, or that are not there."""
    # Of one that no key opens it is known all the same whose it is and who is kept off.
    found = await visits.opened(tx, visit_ids) if visit_ids else {}
    allowed = {each.id for each in found.values() if person_id not in (await of_visit(tx, each)).excluded}
    return set(visit_ids) - allowed


async def of_alert(tx: Tx, row: AlertRow, scene: Scene) -> Matter:
    """An alert: called are those told, those on its ladder now, and the standing list.

    Open duress is as much a matter of those who are beside the worker now, on whatever visit (P5).
    """
    workers = scene.workers if row.alert.worker_id is None else scene.workers | {row.alert.worker_id}
    family_id = None if scene.row is None else scene.row.family_id
    excluded = await exclusions.excluded_any(tx, workers, family_id)
    hidden = row.alert.kind is Kind.DURESS and row.alert.open
    if hidden and row.alert.worker_id is not None:
        workers |= await beside.of(tx, {row.alert.worker_id})
    called: AbstractSet[UUID] = row.alert.told.union(*scene.present.values())
    return Matter(
        agency_id=row.agency_id,
        team_id=row.team_id,
        workers=workers,
        excluded=excluded,
        called=called,
        hidden_from_workers=hidden,
    )


async def of_scene(tx: Tx, scene: Scene) -> Matter:
    """What happens to a worker without an alert yet: called are those on duty and the standing list."""
    family_id = None if scene.row is None else scene.row.family_id
    return Matter(
        agency_id=scene.agency_id,
        team_id=scene.team_id,
        workers=scene.workers,
        excluded=await exclusions.excluded_any(tx, scene.workers, family_id),
        called=frozenset().union(*scene.present.values()),
    )
