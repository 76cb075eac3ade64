"""Changing what is known of somebody and what they may do. Nobody gives themselves rights, nor others' reflections."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from safety_service.actions import access, circle, supervisor_changed
from safety_service.actions.actor import Actor
from safety_service.actions.directory import person_of
from safety_service.actions.evidence import keep
from safety_service.actions.people_csv import Entry
from safety_service.actions.people_import import import_people
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain import contact
from safety_service.domain.contact import BadContact
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import agencies, exclusions, people, roles, teams, training
from safety_service.store.database import Tx
from safety_service.store.people import Person

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is known of somebody, as it was typed."""

    name: str
    email: str
    phone: str
    supervisor_id: UUID | None


async def add(tx: Tx, by: Actor, given: Details, team_id: UUID, held: frozenset[Role]) -> Person:
    """Somebody new in a team of the actor's agency.

    Raises NotFound; Refused: `administrators_only`, `email_taken`, `never_your_own` (naming oneself their supervisor),
    `not_a_supervisor`, and what is wrong with it.
    """
    access.may_run_people(by, by.agency_id)
    team = (await teams.many(tx, [team_id])).get(team_id)
    if team is None or team.agency_id != by.agency_id:
        raise Refused("no_team")
    name, email, phone = _checked(given)
    if await people.by_email(tx, by.agency_id, email) is not None:
        raise Refused("email_taken")
    supervisor = await _supervisor(tx, by, None, given.supervisor_id)
    entry = Entry(
        agency=(await agencies.get(tx, by.agency_id)).name,
        team=team.name,
        name=name,
        email=email,
        phone=phone,
        roles=held,
        supervisor_email=None if supervisor is None else supervisor.email,
    )
    done = await import_people(tx, by, [entry])
    return next(iter(done.added.values()))


async def change(tx: Tx, by: Actor, person_id: UUID, given: Details) -> Person:
    """Name, address, number, supervisor. Their channels hear of a new one, and so does the supervisor before.

    Raises NotFound; Refused: `administrators_only`, `email_taken`, `never_your_own` (one's own supervisor, or oneself
    as theirs), `not_a_supervisor`, and what is wrong with it.
    """
    before = await person_of(tx, by, person_id)
    name, email, phone = _checked(given)
    twin = await people.by_email(tx, by.agency_id, email)
    if twin is not None and twin.id != person_id:
        raise Refused("email_taken")
    supervisor_id = await _changed_supervisor(tx, by, before, given.supervisor_id)
    after = replace(before, name=name, email=email, phone=phone, supervisor_id=supervisor_id)
    if after == before:
        return before
    await people.save(tx, after)
    if (after.email, after.phone) != (before.email, before.phone) and person_id != by.person_id:
        await tell(tx, [person_id], "link.settings_changed", {"at": iso(tx.now)}, priority=Priority.NEWS)
    await supervisor_changed.tell_them(tx, before, supervisor_id)
    changed = [each for each in ("name", "email", "phone", "supervisor_id") if _differs(before, after, each)]
    await keep(tx, by, by.agency_id, "changed", subject="person", subject_id=person_id, fields=changed, name=after.name)
    return after


async def set_roles(tx: Tx, by: Actor, person_id: UUID, team_id: UUID, held: frozenset[Role]) -> Person:
    """What they may do in a team from now on; nothing: they are in it no more. A watch that runs goes on.

    Raises NotFound; Refused: `administrators_only`, `never_your_own`, `last_administrator`.
    """
    person = await person_of(tx, by, person_id)
    team = (await teams.many(tx, [team_id])).get(team_id)
    if team is None or team.agency_id != by.agency_id:
        raise Refused("no_team")
    before = person.roles.get(team_id, frozenset())
    if before == held:
        return person
    if person_id == by.person_id:
        raise Refused("never_your_own")
    still = any(Role.ADMINISTRATOR in each for other, each in person.roles.items() if other != team_id)
    if Role.ADMINISTRATOR in before - held and not still:
        await somebody_is_left(tx, by.agency_id, person_id)
    await people.set_roles(tx, person_id, team_id, held)
    await keep(
        tx,
        by,
        by.agency_id,
        "roles_changed",
        subject="person",
        subject_id=person_id,
        team_id=str(team_id),
        before=sorted(before),
        after=sorted(held),
    )
    return await people.get(tx, person_id)


async def set_all_roles(tx: Tx, by: Actor, person_id: UUID, wanted: Mapping[UUID, frozenset[Role]]) -> Person:
    """The same for several teams at once; an administrator who becomes one in another team stays one throughout.

    Raises as `set_roles`.
    """
    person = await person_of(tx, by, person_id)
    for team_id in sorted(wanted, key=lambda each: Role.ADMINISTRATOR not in wanted[each]):
        person = await set_roles(tx, by, person_id, team_id, wanted[team_id])
    return person


async def train(tx: Tx, by: Actor, person_id: UUID, code: str, on: date | None) -> None:
    """They had this training on that day: a gate before visits that nobody opens for themselves.

    Raises NotFound; Refused: `administrators_only`, `never_your_own`, `training_unknown`.
    """
    await person_of(tx, by, person_id)
    if person_id == by.person_id:
        raise Refused("never_your_own")
    codes = (await tx.policy()).training.codes
    if code not in codes or on is None or on > await circle.today(tx, by.agency_id):
        raise Refused("training_unknown")
    await training.put(tx, person_id, {code: on})
    about = {"code": code, "on": on.isoformat()}
    await keep(tx, by, by.agency_id, "trained", subject="person", subject_id=person_id, **about)


async def bring_back(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Somebody who was deactivated works here again; nothing speaks for them until they are invited.

    Raises NotFound; Refused `administrators_only`.
    """
    person = await person_of(tx, by, person_id)
    if person.active:
        return person
    await people.save(tx, replace(person, active=True))
    await keep(tx, by, by.agency_id, "brought_back", subject="person", subject_id=person_id)
    return replace(person, active=True)


async def somebody_is_left(tx: Tx, agency_id: UUID, but: UUID) -> None:
    """Whether somebody else runs people there. Raises Refused `last_administrator`."""
    if not await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=agency_id) - {but}:
        raise Refused("last_administrator")


def _checked(given: Details) -> tuple[str, str, str | None]:
    name = " ".join(given.name.split())
    if not name:
        raise Refused("name_wanted")
    if len(name) > LONGEST_NAME:
        raise Refused("name_too_long")
    try:
        email = contact.email(given.email)
    except BadContact:
        raise Refused("email_unknown") from None
    try:
        return name, email, contact.phone(given.phone) if given.phone.strip() else None
    except BadContact:
        raise Refused("number_unknown") from None


async def _changed_supervisor(tx: Tx, by: Actor, before: Person, wanted: UUID | None) -> UUID | None:
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    if wanted == before.supervisor_id or (wanted is None and before.supervisor_id in hidden):
        # Of whom the actor is shown nothing, they take nothing away either.
        return before.supervisor_id
    if before.id == by.person_id:
        raise Refused("never_your_own")
    await _supervisor(tx, by, before.id, wanted)
    return wanted


async def _supervisor(tx: Tx, by: Actor, person_id: UUID | None, supervisor_id: UUID | None) -> Person | None:
    if supervisor_id is None:
        return None
    if supervisor_id == by.person_id:
        # They would read by it what the worker wrote for somebody else.
        raise Refused("never_your_own")
    known = (await people.many(tx, [supervisor_id])).get(supervisor_id)
    if known is None or known.agency_id != by.agency_id or not known.active or supervisor_id == person_id:
        raise Refused("not_a_supervisor")
    return known


def _differs(before: Person, after: Person, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))
