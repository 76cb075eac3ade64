"""Who goes to a family next and has read its briefing; and the briefing as one of them reads it. For its managers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from safety_service.actions import briefing, families
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.briefing import Briefing
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.families import Family
from safety_service.domain.refusal import Refused
from safety_service.domain.words import ENDED, Role
from safety_service.store import briefings, exclusions, people, plans, visits
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow, Wanted

#: So many visits to come are looked at.
AHEAD = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody who goes there: when next, and when they said that they had read it at this version of the plan."""

    person_id: UUID
    name: str
    starts_at: datetime
    read_at: datetime | None


async def readers(tx: Tx, actor: Actor, family: Family) -> list[Reader]:
    """Who goes there next, in the order in which they go; nobody of whom the actor is kept off.

    For whoever has been let see the family already. Empty for whoever neither manages nor reviews it.
    """
    if actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(family.teams):
        return []
    coming = await visits.listed(tx, _ahead(actor, family), AHEAD)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    going = _first(each for each in coming if not kept_off.from_matter(each.workers, family.id))
    read = await plans.readers(tx, family.id, await briefings.plan_number(tx, family.id))
    names = await people.many(tx, going)
    return [
        Reader(person_id=each, name=names[each].name, starts_at=at, read_at=read.get(each))
        for each, at in going.items()
        if each in names
    ]


async def as_read_by(tx: Tx, actor: Actor, ref: str, worker_id: UUID) -> tuple[str, Briefing]:
    """The briefing exactly as this worker reads it, and what they are called.

    Raises NotFound: they do not go there, or may not, or the actor is kept off them; Refused `managers_only`.
    """
    family = await families.known(tx, actor, ref)
    if actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(family.teams):
        raise Refused("managers_only")
    kept_off = await exclusions.of_person(tx, actor.person_id)
    if kept_off.from_matter((worker_id,), family.id) or worker_id in family.excluded:
        raise NotFound
    if worker_id not in family.visitors:
        raise NotFound
    worker = await load_actor(tx, worker_id, actor.via)
    about = {"plan_number": await briefings.plan_number(tx, family.id), "read_as": str(worker_id)}
    await keep(tx, actor, actor.agency_id, "read", subject="briefing", subject_id=family.id, **about)
    return worker.name, await briefing.made_for(tx, worker, family)


def _ahead(actor: Actor, family: Family) -> Wanted:
    return Wanted(agency_id=actor.agency_id, family_id=family.id, live=True, newest_first=False)


def _first(coming: Iterable[VisitRow]) -> dict[UUID, datetime]:
    """Each who goes, and when they go first."""
    found: dict[UUID, datetime] = {}
    for row in coming:
        if row.visit.status not in ENDED:
            for each in sorted(row.workers):
                found.setdefault(each, row.visit.starts_at)
    return found
