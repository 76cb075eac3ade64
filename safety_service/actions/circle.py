"""A family and those who have to do with it: who may read around it, who may act, and who is asked to see to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import ties
from safety_service.actions.access import may_see_family
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.scene import present_for
from safety_service.domain.ladder import EVERYONE
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Asked, asked
from safety_service.domain.words import Role
from safety_service.store import agencies, circles, exclusions, families, roles
from safety_service.store.database import Tx

#: When on its day something is to be looked at.
MORNING = time(9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A family as access sees it."""

    family_id: UUID
    ref: str
    teams: frozenset[UUID]
    visitors: frozenset[UUID]
    excluded: frozenset[UUID]


async def by_ref(tx: Tx, actor: Actor, ref: str) -> Circle:
    """The family with this reference, if the actor may know of it. Raises NotFound; Refused `reason_for_opening`."""
    family_id = await families.by_ref(tx, actor.agency_id, families.tidy_ref(ref))
    if family_id is None:
        raise NotFound
    return await by_id(tx, actor, family_id)


async def by_id(tx: Tx, actor: Actor, family_id: UUID) -> Circle:
    """The family with this id, of the actor's own agency, if they may know of it. Raises the same."""
    teams, visitors = await circles.of_family(tx, family_id)
    excluded = await exclusions.excluded(tx, None, family_id)
    may_see_family(actor, actor.agency_id, teams, visitors, excluded)
    await ties.must_have(tx, actor, family_id, teams)
    ref = await families.ref_of(tx, family_id)
    return Circle(family_id=family_id, ref=ref, teams=teams, visitors=visitors, excluded=excluded)


def managed(actor: Actor, circle: Circle) -> UUID:
    """The team in which the actor manages this family. Raises Refused: they may know of it, and decide nothing."""
    teams = actor.teams(Role.MANAGER) & circle.teams
    if not teams:
        raise Refused("managers_only")
    return min(teams)


async def to_ask(
    tx: Tx,
    agency_id: UUID,
    teams: Collection[UUID],
    family_id: UUID,
    *,
    workers: Collection[UUID] = (),
    owner_id: UUID | None = None,
    step: int = 0,
) -> frozenset[UUID]:
    """Who is asked to see to something of a family after `step` rounds; never its workers, never who is kept off.

    `owner_id`: who has it; without one (or once they have left) whoever is on duty has.
    """
    barred = frozenset(workers) | await exclusions.excluded_any(tx, workers, family_id)
    managers = frozenset().union(*[await roles.with_role(tx, Role.MANAGER, team_id=each) for each in teams]) - barred
    present = await present_for(tx, agency_id, teams, frozenset(workers), family_id)
    on_duty = present.get("manager_on_duty", frozenset()) or managers
    owner = frozenset({owner_id}) & managers if owner_id is not None else frozenset()
    whom = {
        Asked.OWNER: owner or on_duty,
        Asked.MANAGERS: managers,
        Asked.SUPERVISORS: await roles.supervisors_of(tx, (*workers, *managers)) - barred,
    }
    return frozenset().union(*(whom[each] for each in asked(step))) or present[EVERYONE]


async def morning_of(tx: Tx, agency_id: UUID, day: date) -> datetime:
    """When, on this local day, something is to be looked at."""
    return datetime.combine(day, MORNING, await zone_of(tx, agency_id))


async def today(tx: Tx, agency_id: UUID) -> date:
    """Which day it is where the agency works."""
    return tx.now.astimezone(await zone_of(tx, agency_id)).date()


async def zone_of(tx: Tx, agency_id: UUID) -> ZoneInfo:
    """Which clock the agency's day runs by."""
    return ZoneInfo((await agencies.get(tx, agency_id)).timezone)
