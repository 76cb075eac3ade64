"""A phone that was lost or stolen, told by a manager of whose it is: nothing speaks for them until they are invited."""

from uuid import UUID

from safety_service.actions import people
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import channels, exclusions, roles, sessions
from safety_service.store import people as person_rows
from safety_service.store.database import Tx
from safety_service.store.people import Person


async def whose(tx: Tx, actor: Actor) -> list[Person]:
    """Whose phone the actor may say is lost, by name: never their own, nor of whom they are kept off."""
    return sorted((await person_rows.many(tx, await _theirs(tx, actor))).values(), key=lambda each: each.name)


async def unreached(tx: Tx, actor: Actor) -> frozenset[UUID]:
    """Who of these nothing reaches now: no chat, no browser, no number. Raises Refused: `managers_only`."""
    theirs = await _theirs(tx, actor)
    linked = await channels.live_many(tx, theirs)
    return frozenset({each for each in theirs - linked.keys() if not await sessions.of_person(tx, each)})


async def lost(tx: Tx, actor: Actor, person_id: UUID) -> None:
    """Every chat, session, number and code of theirs ends. Watching and duty go on, and their managers hear.

    Raises NotFound; Refused: `managers_only`.
    """
    if person_id not in await _theirs(tx, actor):
        raise NotFound
    await people.cut_off(tx, actor, person_id)


async def _theirs(tx: Tx, actor: Actor) -> frozenset[UUID]:
    teams = actor.teams(Role.MANAGER)
    if not teams and not actor.is_any(Role.ADMINISTRATOR):
        raise Refused("managers_only")
    held = await _people_of(tx, actor, teams)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    return held - kept_off.workers - {actor.person_id}


async def _people_of(tx: Tx, actor: Actor, teams: frozenset[UUID]) -> frozenset[UUID]:
    found: set[UUID] = set()
    for team_id in await roles.teams_of_agency(tx, actor.agency_id) if actor.is_any(Role.ADMINISTRATOR) else teams:
        for role in Role:
            found |= await roles.with_role(tx, role, team_id=team_id)
    return frozenset(found)
