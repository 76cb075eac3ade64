"""Bringing people in: a whole file or one person, all of it or nothing, and the second time it changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from safety_service.actions import access, supervisor_changed
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.actions.people_csv import BadPeopleFile, Entry, contradictions
from safety_service.store import agencies, people, teams, training
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.teams import Team


@dataclass
class Imported:
    """What an import did, each person counted once. `notes` are sentences about what was left as it is."""

    agencies: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    added: dict[UUID, Person] = field(default_factory=dict)
    changed: dict[UUID, Person] = field(default_factory=dict)
    unchanged: dict[UUID, Person] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Everything was so already."""
        return not (self.agencies or self.teams or self.added or self.changed)

    def count(self, person: Person, *, changed: bool) -> None:
        """Count this person; who was added or changed stays so."""
        if person.id in self.added:
            self.added[person.id] = person
        elif changed or person.id in self.changed:
            self.changed[person.id] = person
            self.unchanged.pop(person.id, None)
        else:
            self.unchanged[person.id] = person


async def import_people(tx: Tx, by: Actor | None, entries: Sequence[Entry], *, bring_back: bool = False) -> Imported:
    """Make it so that these people are known as given. Agencies and teams that are not there are made.

    `bring_back`: somebody who was deactivated becomes active again; otherwise they stay so, and a note says it.
    Raises BadPeopleFile naming every fault, before anything is written; Refused, NotFound.
    """
    faults = [*contradictions(entries), *await _missing_supervisors(tx, entries)]
    if faults:
        raise BadPeopleFile(faults)
    done = Imported()
    for entry in entries:
        agency = await _agency(tx, by, entry, done)
        team = await _team(tx, agency, entry, done)
        person = await _person(tx, agency, entry, done, bring_back=bring_back)
        await _membership(tx, person, team, entry, done)
    # A supervisor may come later in the file than those whom they supervise.
    for entry in entries:
        await _supervisor(tx, entry, done)
    await _log(tx, by, done)
    return done


async def _missing_supervisors(tx: Tx, entries: Sequence[Entry]) -> list[str]:
    given = {(entry.agency, entry.email) for entry in entries}
    faults = []
    for entry in entries:
        wanted = entry.supervisor_email
        if wanted is None or (entry.agency, wanted) in given:
            continue
        agency = await agencies.by_name(tx, entry.agency)
        if agency is None or await people.by_email(tx, agency.id, wanted) is None:
            faults.append(entry.says(f"supervisor_email {wanted!r} is nobody in this file or in {entry.agency}"))
    return faults


async def _agency(tx: Tx, by: Actor | None, entry: Entry, done: Imported) -> Agency:
    agency = await agencies.by_name(tx, entry.agency)
    if agency is None:
        access.may_make_agencies(by)
        agency = await agencies.add(tx, entry.agency)
        done.agencies.append(agency.name)
    access.may_run_people(by, agency.id)
    return agency


async def _team(tx: Tx, agency: Agency, entry: Entry, done: Imported) -> Team:
    team = await teams.by_name(tx, agency.id, entry.team)
    if team is None:
        team = await teams.add(tx, agency.id, entry.team)
        done.teams.append(team.name)
    return team


async def _person(tx: Tx, agency: Agency, entry: Entry, done: Imported, *, bring_back: bool) -> Person:
    known = await people.by_email(tx, agency.id, entry.email)
    if known is None:
        made = await people.add(tx, agency.id, entry.name, email=entry.email, phone=entry.phone)
        done.added[made.id] = made
        return made
    wanted = replace(known, name=entry.name, phone=entry.phone or known.phone, active=known.active or bring_back)
    if wanted != known:
        await people.save(tx, wanted)
    if not wanted.active:
        done.notes.append(entry.says(f"{entry.email} was deactivated, and stays so"))
    done.count(wanted, changed=wanted != known)
    return wanted


async def _membership(tx: Tx, person: Person, team: Team, entry: Entry, done: Imported) -> None:
    known = await training.of(tx, person.id)
    new_training = {code: day for code, day in entry.training.items() if known.get(code) != day}
    new_roles = person.roles.get(team.id, frozenset()) != entry.roles
    if new_training:
        await training.put(tx, person.id, new_training)
    if new_roles:
        await people.set_roles(tx, person.id, team.id, entry.roles)
    done.count(await people.get(tx, person.id), changed=new_roles or bool(new_training))


async def _supervisor(tx: Tx, entry: Entry, done: Imported) -> None:
    if entry.supervisor_email is None:
        return
    agency = await agencies.by_name(tx, entry.agency)
    assert agency is not None
    person = await people.by_email(tx, agency.id, entry.email)
    supervisor = await people.by_email(tx, agency.id, entry.supervisor_email)
    assert person is not None and supervisor is not None
    supervised = replace(person, supervisor_id=supervisor.id)
    if supervised != person:
        await people.save(tx, supervised)
        await supervisor_changed.tell_them(tx, person, supervisor.id)
    done.count(supervised, changed=supervised != person)


async def _log(tx: Tx, by: Actor | None, done: Imported) -> None:
    for verb, persons in (("added", done.added), ("changed", done.changed)):
        for person in persons.values():
            await keep(
                tx,
                by,
                person.agency_id,
                verb,
                subject="person",
                subject_id=person.id,
                name=person.name,
                email=person.email,
                phone=person.phone,
                active=person.active,
                supervisor_id=None if person.supervisor_id is None else str(person.supervisor_id),
                roles={str(team): sorted(roles) for team, roles in person.roles.items()},
            )
