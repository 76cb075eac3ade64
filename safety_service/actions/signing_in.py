"""Signing in on the web and pairing a device, by one-time codes."""

from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import access, linking, seconding
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.linking import Invitation
from safety_service.domain.refusal import Refused
from safety_service.store import codes, events, people, sessions
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.sessions import Kind, Session


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody signed in; the token is theirs to keep and is not stored."""

    person: Person
    token: str


async def sign_in_link(tx: Tx, by: Actor | None, person_id: UUID) -> Invitation:
    """A fresh code with which this person signs in on the web once."""
    person = await people.get(tx, person_id)
    access.may_run_people(by, person.agency_id)
    if not person.active:
        raise Refused("deactivated", name=person.name)
    code = await codes.issue(tx, "sign_in", person_id, None if by is None else by.person_id)
    await keep(tx, by, person.agency_id, "sign_in_link_made", subject="person", subject_id=person_id)
    return Invitation(person, code, None)


async def sign_in(tx: Tx, code: str, label: str, *, kind: Kind = "web", instead_of: str = "") -> SignedIn:
    """Use a code and begin a session: in a browser, which also becomes the person's chat page, or on a device.

    `instead_of`: the token that this browser came with, whosever it was; it works no more. The person's other channels
    hear of it. Raises Refused: `code_unknown`, `code_used`, `code_expired`.
    """
    person_id = await codes.use(tx, "sign_in" if kind == "web" else "link", code)
    return await begin(tx, await people.get(tx, person_id), label, kind=kind, instead_of=instead_of)


async def begin(tx: Tx, person: Person, label: str, *, kind: Kind = "web", instead_of: str = "") -> SignedIn:
    """Begin a session of somebody who has shown who they are; the caller has seen to that. Parameters as above."""
    await seconding.tell_the_old(tx, person, kind)
    if kind == "web":
        await linking.open_chat_page(tx, person.id)
    before = await sessions.person_of(tx, instead_of) if instead_of else None
    if before is not None:
        await sessions.end(tx, before.id)
    token = await sessions.start(tx, person.id, kind, label)
    await _log(tx, person, "signed_in", kind, label=label)
    return SignedIn(person, token)


async def would_sign_in(tx: Tx, code: str) -> bool:
    """Whether this code signs somebody in on the web now. Changes nothing."""
    return await codes.is_good(tx, "sign_in", code)


async def would_pair(tx: Tx, code: str) -> bool:
    """Whether this code pairs a device now. Changes nothing."""
    return await codes.is_good(tx, "link", code)


async def end(tx: Tx, actor: Actor, session_id: UUID) -> None:
    """Sign out, or drop a lost phone: one's own. Raises NotFound."""
    mine: list[Session] = await sessions.of_person(tx, actor.person_id)
    if session_id not in {each.id for each in mine}:
        raise NotFound
    await sessions.end(tx, session_id)
    await _log(tx, await people.get(tx, actor.person_id), "signed_out", actor.via)


async def end_others(tx: Tx, actor: Actor, but: UUID) -> int:
    """Sign out everywhere else: all sessions of one's own but this one. Gives how many."""
    others = [each for each in await sessions.of_person(tx, actor.person_id) if each.id != but]
    for each in others:
        await sessions.end(tx, each.id)
    if others:
        await _log(tx, await people.get(tx, actor.person_id), "signed_out", actor.via, count=str(len(others)))
    return len(others)


async def _log(tx: Tx, person: Person, verb: str, via: str, **details: str) -> None:
    """The person themself did this, in that browser or on that device."""
    await events.log(
        tx,
        actor_id=person.id,
        agency_id=person.agency_id,
        verb=verb,
        subject="session",
        subject_id=person.id,
        details={"via": via, **details},
    )
