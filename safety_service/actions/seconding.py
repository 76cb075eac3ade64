"""A second person agrees to what will speak for somebody with rights: nobody does it for themselves."""

from __future__ import annotations

from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep_of_channel
from safety_service.actions.seconding_access import may_second
from safety_service.actions.telling import Priority, iso, tell, to_channel
from safety_service.domain.reaching import VOICE
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import channels, exclusions, people, roles
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.people import Person

#: Whoever holds one of these acts for others: what speaks for them is agreed to by somebody else.
RIGHTS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})


def needs_second(person: Person) -> bool:
    """Whether what is added for this person waits for a second one."""
    return any(not RIGHTS.isdisjoint(held) for held in person.roles.values())


async def tell_the_old(tx: Tx, person: Person, kind: str) -> None:
    """Tell the person, by what they had before, that somebody now speaks as them from somewhere else."""
    await tell(tx, [person.id], "link.new_channel", {"kind": kind, "at": iso(tx.now)}, priority=Priority.NEWS)


async def ask(tx: Tx, person: Person, added: Channel) -> None:
    """Ask those who may agree; say on the channel itself that it waits."""
    said = {"kind": added.kind, "at": iso(tx.now)}
    if added.kind != VOICE:
        # Whoever was just called for the code is not called again to hear that it waits: the page says so.
        await to_channel(tx, person, added, "link.waiting", said)
    params = {**said, "name": person.name, "channel_id": str(added.id)}
    await tell(tx, await who_may(tx, person), "channel.waiting", params, priority=Priority.NEWS)


async def waiting_for(tx: Tx, actor: Actor) -> list[tuple[Channel, Person]]:
    """What waits for this actor's yes: of people whose manager or administrator they are, never their own."""
    if not (actor.is_any(Role.ADMINISTRATOR) or actor.teams(Role.MANAGER)):
        return []
    known = {each.id: each for each in await people.every(tx, actor.agency_id) if each.active}
    found = [(each, known[each.person_id]) for each in await channels.waiting(tx, known)]
    return [(each, person) for each, person in found if actor.person_id in await who_may(tx, person)]


async def agree(tx: Tx, by: Actor | None, channel_id: UUID) -> tuple[Channel, Person]:
    """Somebody else knows that it was them: the channel is live, and they hear who agreed.

    `by` None: whoever runs the machine. Raises NotFound; Refused: `never_your_own`, `managers_only`, `channel_gone`,
    `chat_of_another`.
    """
    found, person = await _waits(tx, by, channel_id)
    if await channels.by_address(tx, found.kind, found.address) is not None:
        raise Refused("chat_of_another")
    if not await channels.agree(tx, channel_id, None if by is None else by.person_id):
        raise Refused("channel_gone")
    await _tell(tx, by, person, "link.agreed", found)
    await keep_of_channel(tx, by, person, "channel_agreed", found)
    return found, person


async def refuse(tx: Tx, by: Actor | None, channel_id: UUID) -> tuple[Channel, Person]:
    """It was not them, or nobody knows: the channel ends, and the person hears of it by what they had before.

    Raises as `agree`.
    """
    found, person = await _waits(tx, by, channel_id)
    await channels.end(tx, channel_id)
    await _tell(tx, by, person, "link.refused", found)
    await keep_of_channel(tx, by, person, "channel_refused", found)
    return found, person


async def _waits(tx: Tx, by: Actor | None, channel_id: UUID) -> tuple[Channel, Person]:
    found = await channels.get(tx, channel_id)
    if found is None:
        raise NotFound
    person = await people.get(tx, found.person_id)
    if by is not None:
        may_second(by, person, await exclusions.excluded_any(tx, frozenset({person.id}), None))
    if found.state != "waiting":
        raise Refused("channel_gone")
    return found, person


async def who_may(tx: Tx, person: Person) -> frozenset[UUID]:
    """Who may agree to what will speak for this person."""
    found = await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=person.agency_id)
    for team_id in person.roles:
        found |= await roles.with_role(tx, Role.MANAGER, team_id=team_id)
    return found - {person.id} - await exclusions.excluded_any(tx, frozenset({person.id}), None)


async def _tell(tx: Tx, by: Actor | None, person: Person, template: str, found: Channel) -> None:
    name = "Whoever runs Doorstep" if by is None else by.name
    await tell(tx, [person.id], template, {"kind": found.kind, "by": name}, priority=Priority.NEWS)
