"""Looking after people: deactivating them, and the card by which they are found when it matters."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from safety_service.actions import access, delivering, phrases
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import alert_links, channels, codes, identities, people, roles, sessions
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Person

#: What an alarm shows of somebody, given by themselves in advance; each at most this long.
RESPONDER_CARD = ("car", "registration", "description", "next_of_kin", "medical", "code_phrase")
RESPONDER_LENGTH = 500


async def deactivate(tx: Tx, by: Actor | None, person_id: UUID) -> Person:
    """They work here no more: no channel, session or code of theirs works from now on.

    What they own lapses. If they are being watched the watch goes on, and their manager hears that they cannot be
    reached. Raises NotFound; Refused: `administrators_only`, `deactivated`, `never_your_own`, `last_administrator`.
    """
    person = await _person(tx, person_id)
    access.may_run_people(by, person.agency_id)
    if not person.active:
        raise Refused("deactivated", name=person.name)
    if by is not None:
        await not_the_last(tx, by, person)
    gone = replace(person, active=False)
    await people.save(tx, gone)
    await _cut_off(tx, person_id)
    await keep(tx, by, person.agency_id, "deactivated", subject="person", subject_id=person_id)
    return gone


async def not_the_last(tx: Tx, by: Actor, person: Person) -> None:
    """Whether this actor may deactivate them: not themselves, and not whoever alone runs people there.

    On the machine itself anybody can be. Raises Refused: `never_your_own`, `last_administrator`.
    """
    if by.person_id == person.id:
        raise Refused("never_your_own")
    if not await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=person.agency_id) - {person.id}:
        raise Refused("last_administrator")


async def unlink(tx: Tx, by: Actor | None, person_id: UUID) -> Person:
    """Nothing speaks for them any more until they are invited again: for a phone that was lost or stolen.

    Watching and duty go on, as when they are deactivated. Raises NotFound; Refused: `administrators_only`.
    """
    person = await _person(tx, person_id)
    access.may_run_channels(by, person.agency_id, person_id)
    return await cut_off(tx, by, person_id)


async def cut_off(tx: Tx, by: Actor | None, person_id: UUID) -> Person:
    """The same, for who has been let in by the caller."""
    person = await _person(tx, person_id)
    await _cut_off(tx, person_id)
    await keep(tx, by, person.agency_id, "unlinked", subject="person", subject_id=person_id)
    return person


async def _person(tx: Tx, person_id: UUID) -> Person:
    try:
        return await people.get(tx, person_id)
    except NoSuchRow:
        raise NotFound from None


async def _cut_off(tx: Tx, person_id: UUID) -> None:
    await channels.end_all(tx, person_id)
    await sessions.end_all(tx, person_id)
    await codes.end_all(tx, person_id)
    await identities.end_all(tx, person_id)
    await alert_links.end_all(tx, person_id)
    await delivering.person_gone(tx, person_id)


async def own_card(tx: Tx, actor: Actor) -> Mapping[str, str] | None:
    """The actor's own card. None while they are out: their words for danger are on it, and others may look on."""
    if await phrases.is_out(tx, actor):
        return None
    return (await people.get(tx, actor.person_id)).responder or {}


async def set_responder(tx: Tx, actor: Actor, card: Mapping[str, str]) -> Person:
    """Keep the actor's own card; what is empty is left out.

    Raises Refused: `not_while_out`, `card_unknown`, `card_too_long`.
    """
    await phrases.not_while_out(tx, actor)
    for name, text in card.items():
        if name not in RESPONDER_CARD:
            raise Refused("card_unknown", field=name)
        if len(text) > RESPONDER_LENGTH:
            raise Refused("card_too_long", field=name, most=RESPONDER_LENGTH)
    kept = {name: card[name].strip() for name in RESPONDER_CARD if card.get(name, "").strip()}
    person = replace(await people.get(tx, actor.person_id), responder=kept or None)
    await people.save(tx, person)
    await keep(tx, actor, actor.agency_id, "card_changed", subject="person", subject_id=person.id, fields=sorted(kept))
    return person
