"""Who stands behind a token: a signed-in browser or a paired device, and what every page of theirs needs to know."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions.actor import Actor, load_actor
from safety_service.store import agencies, people, sessions, teams
from safety_service.store.database import Tx
from safety_service.store.sessions import Kind, Session


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who is signed in, by which session, and where their day is."""

    actor: Actor
    session: Session
    zone: ZoneInfo
    #: The number to ring when nobody is heard here; empty where none is set.
    office_phone: str


async def known_by(tx: Tx, token: str, kind: Kind, via: str, *, keeps: bool = False) -> Known | None:
    """Who this token belongs to, or None. `keeps`: the session lives on from now (it writes)."""
    session = await sessions.person_of(tx, token)
    if session is None or session.kind != kind:
        return None
    if keeps:
        await sessions.seen(tx, session)
    actor = await load_actor(tx, session.person_id, via)
    agency = await agencies.get(tx, actor.agency_id)
    return Known(actor, session, ZoneInfo(agency.timezone), agency.office_phone or (await tx.policy()).office_number)


async def was(tx: Tx, token: str) -> UUID | None:
    """Who had this session, also where it has ended. It lets nobody in."""
    return await sessions.whose(tx, token)


async def devices_of(tx: Tx, actor: Actor) -> list[Session]:
    """The actor's own sessions that still work, the oldest first."""
    return await sessions.of_person(tx, actor.person_id)


async def names_of(tx: Tx, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these people are called, for whoever may already read what names them."""
    return {each.id: each.name for each in (await people.many(tx, person_ids)).values()}


async def teams_of(tx: Tx, team_ids: Collection[UUID]) -> dict[UUID, str]:
    """What these teams are called."""
    return {each.id: each.name for each in (await teams.many(tx, team_ids)).values()}
