"""The list of visits, and what of them waits for a decision. Each look at what is not one's own is kept."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.actions.reading import Page
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role, Status
from safety_service.store import exclusions, visit_list, visits
from safety_service.store.database import Tx
from safety_service.store.visit_list import Listed, WantedVisits
from safety_service.store.visits import VisitRow

PAGE = 50
#: So many of what waits are shown at once: whoever has more decides the first of them first.
WAITING = 50
READERS = (Role.MANAGER, Role.REVIEWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody looks for. `mine`: their own visits, else their teams', or one of these (`team_id`)."""

    mine: bool
    team_id: UUID | None = None
    statuses: Collection[Status] = ()
    since: datetime | None = None
    until: datetime | None = None
    newest_first: bool = False
    after: tuple[datetime, UUID] | None = None


async def look(tx: Tx, actor: Actor, wanted: Look, limit: int = PAGE) -> Page[Listed]:
    """A page of visits that the actor may know of, by planned start."""
    teams = actor.teams(*READERS)
    if wanted.team_id is not None:
        teams &= {wanted.team_id}
    narrowed = WantedVisits(
        agency_id=actor.agency_id,
        worker_id=actor.person_id if wanted.mine else None,
        teams=teams,
        statuses=wanted.statuses,
        since=wanted.since,
        until=wanted.until,
        after=wanted.after,
        newest_first=wanted.newest_first,
        kept_off=await exclusions.of_person(tx, actor.person_id),
        reader=actor.person_id,
    )
    rows = await visit_list.listed(tx, narrowed, limit + 1)
    after = (rows[limit - 1].starts_at, rows[limit - 1].id) if len(rows) > limit else None
    if not wanted.mine:
        await keep(tx, actor, actor.agency_id, "read", subject="visits", subject_id=None, count=len(rows[:limit]))
    return Page(rows[:limit], after)


async def count_waiting(tx: Tx, actor: Actor) -> int:
    """How many visits wait for the actor's decision."""
    teams = actor.teams(Role.MANAGER)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    return await visit_list.count_waiting(tx, teams, kept_off, actor.person_id)


async def waiting(tx: Tx, actor: Actor) -> list[VisitRow]:
    """What waits for a decision in the teams that the actor manages, the soonest first; their own, too, which others
    decide. Raises Refused `managers_only`.
    """
    teams = actor.teams(Role.MANAGER)
    if not teams:
        raise Refused("managers_only")
    kept_off = await exclusions.of_person(tx, actor.person_id)
    ids = await visit_list.waiting(tx, teams, kept_off, WAITING)
    found = await visits.opened(tx, ids)
    await keep(tx, actor, actor.agency_id, "read", subject="visits", subject_id=None, count=len(ids), waiting=True)
    return [found[each] for each in ids if each in found]


async def is_inside(tx: Tx, actor: Actor) -> bool:
    """Whether the actor is behind a door now: no page of theirs says then whose, where or why."""
    return await visit_list.is_inside(tx, actor.person_id)
