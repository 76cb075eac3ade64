"""What waits for a manager's decision, over all their families: the next to be decided first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.actions.reading import Page
from safety_service.domain.plan import Measure
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import debriefs, exclusions, undecided
from safety_service.store.database import Tx
from safety_service.store.undecided import Undecided

PAGE = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A measure, and at which family. `own`: the actor was there, or goes there next; somebody else decides it."""

    measure: Measure
    ref: str
    own: bool


async def of_managed(
    tx: Tx, actor: Actor, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> Page[Waiting]:
    """A page of those of the families that the actor manages; nothing of whom they are kept off. Raises Refused."""
    teams = actor.teams(Role.MANAGER)
    if not teams:
        raise Refused("managers_only")
    kept_off = await exclusions.of_person(tx, actor.person_id)
    more = await undecided.of_teams(tx, actor.agency_id, teams, kept_off, limit + 1, after)
    rows = more[:limit]
    came = {each.measure.id: [UUID(one) for one in each.measure.because.debriefs] for each in rows}
    went = await debriefs.who_went(tx, {one for every in came.values() for one in every})
    going = await undecided.going_to(tx, {each.measure.family_id for each in rows})
    found: list[Waiting] = []
    for each in rows:
        workers = frozenset[UUID]().union(*(went.get(one, frozenset()) for one in came[each.measure.id]))
        if not kept_off.from_matter(workers, each.measure.family_id):
            found.append(_waiting(actor, each, workers | going.get(each.measure.family_id, frozenset())))
    if found:
        await keep(tx, actor, actor.agency_id, "read", subject="proposals", subject_id=None, count=len(found))
    # From the last that was looked at, which may be one that they are kept off.
    return Page(found, rows[-1].place if len(more) > limit else None)


def _waiting(actor: Actor, found: Undecided, barred: frozenset[UUID]) -> Waiting:
    return Waiting(found.measure, found.ref, actor.person_id in barred)
