"""A person's own ways to be reached: given, proven by a code that arrives there, ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import cast
from uuid import UUID

from safety_service.actions import access, delivering, phrases, seconding
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep_of_channel
from safety_service.actions.telling import Priority, iso, tell, to_channel
from safety_service.domain import addresses
from safety_service.domain.contact import BadContact
from safety_service.domain.reaching import PROVEN, WAKING
from safety_service.domain.refusal import Refused
from safety_service.store import alert_links, channels, codes, people
from safety_service.store.channels import Channel, Kind
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Person

#: Codes that somebody may have sent in an hour: each one may cost money, and wakes whoever has that number.
CODES = 6
CODES_WITHIN = timedelta(hours=1)


async def mine(tx: Tx, actor: Actor) -> list[Channel]:
    """The actor's own channels that have not ended."""
    return await channels.of_person(tx, actor.person_id)


async def propose(
    tx: Tx, by: Actor | None, person_id: UUID, kind: str, given: str, *, offered: Collection[str]
) -> Channel:
    """Give an address; a code goes there, and until it is typed by its owner nothing else does.

    `offered`: kinds for which there is a provider. Raises NotFound; Refused: `administrators_only`,
    `channel_not_there`, `number_unknown`, `address_unknown`, `channel_waits_already`, `too_many_codes`, `deactivated`,
    `not_while_out`.
    """
    person = await _person(tx, person_id)
    access.may_run_channels(by, person.agency_id, person_id)
    if not person.active:
        raise Refused("deactivated", name=person.name)
    if by is not None and by.person_id == person_id:
        # Who is out is asked nothing more; a desk that they left adds no way of its own.
        await phrases.not_while_out(tx, by)
    if kind not in PROVEN or kind not in offered:
        raise Refused("channel_not_there", kind=kind if kind in PROVEN else "hook")
    try:
        address = addresses.address(kind, given)
    except BadContact:
        raise Refused("number_unknown" if kind in WAKING else "address_unknown") from None
    for each in await channels.of_person(tx, person_id):
        if each.kind == kind and each.state == "waiting":
            raise Refused("channel_waits_already", kind=kind)
        if each.kind == kind and each.state == "proposed":
            await channels.end(tx, each.id)
    made = await channels.link(tx, person_id, cast("Kind", kind), address, "proposed")
    await _send_code(tx, person, made)
    await keep_of_channel(tx, by, person, "channel_proposed", made)
    return made


async def send_code(tx: Tx, by: Actor | None, channel_id: UUID, *, others_stay: bool = False) -> Channel:
    """Send a fresh code to a channel: to prove it, or to try whether it still arrives.

    `others_stay`: codes that were sent to the person's other channels go on working.
    Raises NotFound; Refused: `administrators_only`, `channel_gone`, `too_many_codes`.
    """
    found = await _theirs(tx, by, channel_id)
    if found.kind not in PROVEN or found.state not in ("proposed", "active"):
        raise Refused("channel_gone")
    person = await people.get(tx, found.person_id)
    await _send_code(tx, person, found, others_stay=others_stay)
    await keep_of_channel(tx, by, person, "channel_tried", found)
    return found


async def prove(tx: Tx, actor: Actor, channel_id: UUID, code: str) -> Channel:
    """Type the code that arrived: the actor's channel is live, or waits for a second person where they hold rights.

    Their other channels hear of it. Raises NotFound; Refused: `channel_gone`, `code_wrong`, `chat_of_another`.
    """
    found = await channels.get(tx, channel_id)
    if found is None or found.person_id != actor.person_id:
        raise NotFound
    if found.kind not in PROVEN or found.state not in ("proposed", "active"):
        raise Refused("channel_gone")
    if not await codes.use_proof(tx, actor.person_id, channel_id, code):
        raise Refused("code_wrong")
    person = await people.get(tx, actor.person_id)
    if found.state == "active":
        await channels.prove(tx, channel_id, "active")
    else:
        await _first_proof(tx, person, found)
    await keep_of_channel(tx, actor, person, "channel_proven", found)
    proven = await channels.get(tx, channel_id)
    assert proven is not None
    return proven


async def _first_proof(tx: Tx, person: Person, found: Channel) -> None:
    taken = await channels.by_address(tx, found.kind, found.address)
    if taken is not None:
        raise Refused("chat_of_another")
    waits = seconding.needs_second(person)
    await seconding.tell_the_old(tx, person, found.kind)
    await channels.prove(tx, found.id, "waiting" if waits else "active")
    if waits:
        await seconding.ask(tx, person, found)


async def end(tx: Tx, by: Actor | None, channel_id: UUID) -> Channel:
    """A channel is the person's no more: one's own, or as an administrator. Their others hear of it.

    It is never refused: a phone that was lost has to go. What is missing then shows as a gap.
    Raises NotFound; Refused: `administrators_only`.
    """
    found = await _theirs(tx, by, channel_id)
    person = await people.get(tx, found.person_id)
    await channels.end(tx, channel_id)
    # The links on a phone that was lost lead nowhere; the next alarm brings new ones.
    await alert_links.end_all(tx, person.id)
    if found.state == "active":
        params = {"kind": found.kind, "at": iso(tx.now)}
        await tell(tx, [person.id], "link.ended", params, priority=Priority.NEWS)
        if not await channels.reached(tx, [person.id]):
            await delivering.person_gone(tx, person.id)
    await keep_of_channel(tx, by, person, "channel_ended", found)
    return found


async def _theirs(tx: Tx, by: Actor | None, channel_id: UUID) -> Channel:
    found = await channels.get(tx, channel_id)
    if found is None or found.state == "ended":
        raise NotFound
    owner = await people.get(tx, found.person_id)
    if by is not None and by.agency_id != owner.agency_id:
        raise NotFound
    access.may_run_channels(by, owner.agency_id, owner.id)
    return found


async def _send_code(tx: Tx, person: Person, to: Channel, *, others_stay: bool = False) -> None:
    if await codes.proofs_since(tx, person.id, tx.now - CODES_WITHIN) >= CODES:
        raise Refused("too_many_codes")
    digits = await codes.issue_proof(tx, person.id, to.id, others_stay=others_stay)
    minutes = round(codes.PROOF_LIFE.total_seconds() / 60)
    params = {"code": digits, "minutes": minutes}
    await to_channel(tx, person, to, "channel.code", params, expires_at=tx.now + codes.PROOF_LIFE)


async def _person(tx: Tx, person_id: UUID) -> Person:
    try:
        return await people.get(tx, person_id)
    except NoSuchRow:
        raise NotFound from None
