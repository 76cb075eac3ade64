"""Where something happens: the visit, its worker, its team, and who stands on each rung now."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from safety_service.domain.ladder import EVERYONE, Present
from safety_service.domain.words import Risk, Role
from safety_service.store import beside, exclusions, people, roles, rota, standing
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the effects of an event need to know to become messages. Without a visit, `row` is None."""

    agency_id: UUID
    team_id: UUID | None
    workers: frozenset[UUID]
    row: VisitRow | None = None
    present: Present = field(default_factory=dict)

    @property
    def risk(self) -> Risk:
        """A worker's cry without a visit counts as high."""
        return Risk.HIGH if self.row is None else self.row.visit.risk

    @property
    def visit_id(self) -> UUID | None:
        """The visit, where there is one."""
        return None if self.row is None else self.row.id


async def of_visit(tx: Tx, row: VisitRow, *, with_people: bool = True, duress_of: UUID | None = None) -> Scene:
    """The scene of a visit; `duress_of`: under duress, so that nobody who is beside them now stands on a rung (P5)."""
    present: Present = {}
    if with_people:
        apart = await _beside(tx, duress_of)
        present = await present_for(tx, row.agency_id, [row.team_id], row.workers, row.family_id, apart)
    return Scene(agency_id=row.agency_id, team_id=row.team_id, workers=row.workers, row=row, present=present)


async def of_worker(tx: Tx, worker_id: UUID, *, duress_of: UUID | None = None) -> Scene:
    """The scene of a worker without a visit: all teams in which they work. `duress_of` as of a visit."""
    worker = await people.get_even_unread(tx, worker_id)
    teams = [each for each, held in worker.roles.items() if Role.PRACTITIONER in held] or list(worker.roles)
    apart = await _beside(tx, duress_of)
    present = await present_for(tx, worker.agency_id, teams, frozenset({worker_id}), None, apart)
    team_id = teams[0] if teams else None
    return Scene(agency_id=worker.agency_id, team_id=team_id, workers=frozenset({worker_id}), present=present)


async def of_agency(tx: Tx, agency_id: UUID) -> Scene:
    """The scene of an alert about the service itself: the whole agency's duty."""
    teams = await roles.teams_of_agency(tx, agency_id)
    present = await present_for(tx, agency_id, teams, frozenset(), None)
    return Scene(agency_id=agency_id, team_id=None, workers=frozenset(), present=present)


async def _beside(tx: Tx, duress_of: UUID | None) -> frozenset[UUID]:
    return frozenset() if duress_of is None else await beside.of(tx, {duress_of})


async def present_for(
    tx: Tx,
    agency_id: UUID,
    teams: Collection[UUID],
    workers: frozenset[UUID],
    family_id: UUID | None,
    apart: frozenset[UUID] = frozenset(),
) -> Present:
    """Who stands on each rung now. Left out are the visit's workers, the excluded and `apart`: the rung passes."""
    posts: dict[str, frozenset[UUID]] = {}
    for team_id in teams:
        for post, on in (await rota.on_duty(tx, team_id, tx.now)).items():
            posts[post] = posts.get(post, frozenset()) | on
    posts["supervisor"] = await roles.supervisors_of(tx, workers)
    posts["standing"] = frozenset(await standing.of(tx, agency_id))
    posts[EVERYONE] = frozenset().union(*posts.values())
    barred = workers | apart | await exclusions.excluded_any(tx, workers, family_id)
    allowed = {post: on - barred for post, on in posts.items()}
    if not allowed[EVERYONE]:
        allowed[EVERYONE] = await _last_resort(tx, agency_id, teams) - barred
    return allowed


async def _last_resort(tx: Tx, agency_id: UUID, teams: Collection[UUID]) -> frozenset[UUID]:
    """Nobody is on duty and nobody stands by: every manager of the teams, else every administrator."""
    managers: frozenset[UUID] = frozenset()
    for team_id in teams:
        managers |= await roles.with_role(tx, Role.MANAGER, team_id=team_id)
    return managers or await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=agency_id)


async def managers_now(tx: Tx, scene: Scene) -> frozenset[UUID]:
    """Who is told what is no alarm: the manager on duty, else every manager of the team who is not kept off it."""
    family_id = None if scene.row is None else scene.row.family_id
    teams = [scene.team_id] if scene.team_id else []
    present = scene.present or await present_for(tx, scene.agency_id, teams, scene.workers, family_id)
    on_duty = present.get("manager_on_duty", frozenset())
    if on_duty or scene.team_id is None:
        return on_duty or present[EVERYONE]
    barred = scene.workers | await exclusions.excluded_any(tx, scene.workers, family_id)
    return await roles.with_role(tx, Role.MANAGER, team_id=scene.team_id) - barred
