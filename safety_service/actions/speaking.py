"""What the dialogue needs to know of whoever speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from config.policy import Policy
from safety_service.actions import words
from safety_service.actions.actor import Actor, load_actor
from safety_service.store import agencies, channels, teams
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who said something. `current`: the visit that a bare word of theirs is about."""

    actor: Actor
    agency: Agency
    policy: Policy
    current: VisitRow | None


async def speaker(tx: Tx, person_id: UUID, via: str) -> Speaker:
    """Who speaks. Raises NotFound: unknown, or deactivated."""
    actor = await load_actor(tx, person_id, via)
    agency = await agencies.get(tx, actor.agency_id)
    return Speaker(actor, agency, await tx.policy(), await words.current(tx, actor))


async def team_names(tx: Tx, actor: Actor) -> Mapping[UUID, str]:
    """The actor's teams."""
    return {each.id: each.name for each in (await teams.many(tx, actor.roles)).values()}


async def chats_of(tx: Tx, actor: Actor) -> list[str]:
    """The kinds of chat in which the actor can be reached."""
    return [each.kind for each in await channels.live(tx, actor.person_id)]
