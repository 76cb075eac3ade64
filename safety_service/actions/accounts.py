"""Signing in with an account of the agency's own sign-in service. Nobody is made by it, and nobody is guessed.

At first an account is recognised by an e-mail address that the service has verified, or linked by whoever is signed in;
from then on by its subject alone, so that an address that is given to somebody else later opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from safety_service.actions import seconding, signing_in
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.seconding_access import may_second
from safety_service.actions.signing_in import SignedIn
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import events, exclusions, identities, people
from safety_service.store.database import Tx
from safety_service.store.identities import Identity
from safety_service.store.people import Person

KIND = "account"
PAGE = "/account"


@dataclass(frozen=True, slots=True)
class Account:
    """What the sign-in service says of who signed in there. `email`: only where it calls it verified.

    `shown`: what it calls them, to be read and never believed.
    """

    issuer: str
    subject: str
    email: str = ""
    shown: str = ""


async def sign_in(
    tx: Tx, account: Account, label: str, *, instead_of: str = ""
) -> SignedIn | Literal["unknown", "waits"]:
    """Begin a session of whoever this account speaks for; or it waits for a second person; or nobody is known by it.

    `label` and `instead_of`: as in `signing_in.sign_in`. What is given back is to be committed, whichever it is.
    """
    known = await identities.of_subject(tx, account.issuer, account.subject)
    if known is None:
        known = await _first_time(tx, account)
    if known is None:
        return "unknown"
    person = await people.get(tx, known.person_id)
    if not person.active:
        return "unknown"
    return "waits" if known.state == "waiting" else await signing_in.begin(tx, person, label, instead_of=instead_of)


async def _first_time(tx: Tx, account: Account) -> Identity | None:
    """The one person here with that address, as the service has verified it."""
    found = await identities.with_email(tx, account.email) if account.email else []
    if len(found) != 1:
        return None
    person = await people.get(tx, found[0])
    # Another account that speaks for them, or did: an address may have gone to somebody else, or a phone into a pocket.
    waits = seconding.needs_second(person) or await identities.ever(tx, person.id)
    return await _added(tx, person, account, waits)


async def link(tx: Tx, actor: Actor, account: Account) -> Identity:
    """This account speaks for the actor, who is signed in: at once, or, with rights, when a second one agrees.

    Raises Refused: `account_of_another`.
    """
    known = await identities.of_subject(tx, account.issuer, account.subject)
    if known is not None and known.person_id != actor.person_id:
        raise Refused("account_of_another")
    person = await people.get(tx, actor.person_id)
    return known or await _added(tx, person, account, seconding.needs_second(person))


async def _added(tx: Tx, person: Person, account: Account, waits: bool) -> Identity:
    await seconding.tell_the_old(tx, person, KIND)
    made = await identities.add(tx, person.id, account.issuer, account.subject, "waiting" if waits else "active")
    if waits:
        params = {"name": person.name, "at": iso(tx.now), "page": PAGE}
        await tell(tx, await seconding.who_may(tx, person), "account.waiting", params, priority=Priority.NEWS)
    await events.log(
        tx,
        actor_id=person.id,
        agency_id=person.agency_id,
        verb="account_waits" if waits else "account_linked",
        subject=KIND,
        subject_id=made.id,
        details={"via": "web"},
    )
    return made


async def speaks_for(tx: Tx, actor: Actor, account: Account) -> bool:
    """Whether this account is the actor's own, and speaks for them."""
    known = await identities.of_subject(tx, account.issuer, account.subject)
    return known is not None and known.person_id == actor.person_id and known.state == "active"


async def speaks(tx: Tx, actor: Actor) -> bool:
    """Whether any account speaks for the actor."""
    return any(each.state == "active" for each in await mine(tx, actor))


async def mine(tx: Tx, actor: Actor) -> list[Identity]:
    """The actor's own accounts that have not ended."""
    return await identities.of_person(tx, actor.person_id)


async def waiting_for(tx: Tx, actor: Actor) -> list[tuple[Identity, Person]]:
    """What waits for this actor's yes: of people whose manager or administrator they are, never their own."""
    if not (actor.is_any(Role.ADMINISTRATOR) or actor.teams(Role.MANAGER)):
        return []
    known = {each.id: each for each in await people.every(tx, actor.agency_id) if each.active}
    found = [(each, known[each.person_id]) for each in await identities.waiting(tx, known)]
    return [(each, person) for each, person in found if actor.person_id in await seconding.who_may(tx, person)]


async def agree(tx: Tx, by: Actor, identity_id: UUID) -> None:
    """It was them. Raises NotFound; Refused: `never_your_own`, `managers_only`, `account_gone`."""
    found, person = await _waits(tx, by, identity_id)
    if not await identities.agree(tx, found.id, by.person_id):
        raise Refused("account_gone")
    await _said(tx, by, person, found, "agreed")


async def refuse(tx: Tx, by: Actor, identity_id: UUID) -> None:
    """It was not them, or nobody knows. Raises as `agree`."""
    found, person = await _waits(tx, by, identity_id)
    await identities.end(tx, found.id)
    await _said(tx, by, person, found, "refused")


async def end(tx: Tx, actor: Actor, identity_id: UUID) -> None:
    """One's own speaks for one no more. Raises NotFound."""
    if identity_id not in {each.id for each in await mine(tx, actor)}:
        raise NotFound
    await identities.end(tx, identity_id)
    params = {"kind": KIND, "at": iso(tx.now)}
    await tell(tx, [actor.person_id], "link.ended", params, priority=Priority.NEWS)
    await keep(tx, actor, actor.agency_id, "account_ended", subject=KIND, subject_id=identity_id)


async def _waits(tx: Tx, by: Actor, identity_id: UUID) -> tuple[Identity, Person]:
    found = await identities.get(tx, identity_id)
    if found is None:
        raise NotFound
    person = await people.get(tx, found.person_id)
    may_second(by, person, await exclusions.excluded_any(tx, frozenset({person.id}), None))
    if found.state != "waiting":
        raise Refused("account_gone")
    return found, person


async def _said(tx: Tx, by: Actor, person: Person, found: Identity, how: Literal["agreed", "refused"]) -> None:
    params = {"kind": KIND, "by": by.name}
    await tell(tx, [person.id], f"link.{how}", params, priority=Priority.NEWS)
    about = {"person_id": str(person.id)}
    await keep(tx, by, person.agency_id, f"account_{how}", subject=KIND, subject_id=found.id, **about)
