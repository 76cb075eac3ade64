"""People: who they are, how to ring them, what they may do in each team."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, literal, null, select, update

from safety_service.domain.canary import AGENCY as CANARY
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen, NoSuchRow
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import membership, person
from safety_service.store.types import UtcDateTime

log = logging.getLogger(__name__)

Roles = Mapping[UUID, frozenset[Role]]
#: In place of a name that retention has removed.
GONE = "Somebody who left"
#: In place of a name that no key opens.
UNREAD = "Somebody whose name cannot be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person of an agency. `roles` by team; `responder` is the card that alarms show."""

    id: UUID
    agency_id: UUID
    name: str
    email: str | None = None
    phone: str | None = None
    supervisor_id: UUID | None = None
    active: bool = True
    responder: dict[str, str] | None = None
    roles: Roles = field(default_factory=dict)

    def has(self, role: Role, team_id: UUID | None = None) -> bool:
        """Whether they have this role: in this team, or in any."""
        teams = self.roles if team_id is None else (team_id,)
        return any(role in self.roles.get(each, ()) for each in teams)


async def get(tx: Tx, person_id: UUID) -> Person:
    """The person, active or not. Raises NoSuchRow."""
    known: Person | None = tx.remembered.get((person.name, person_id))
    if known is not None:
        return known
    found = _people(await tx.all(_GET, id=person_id))
    if not found:
        raise NoSuchRow("person")
    tx.remembered[person.name, person_id] = found[0]
    return found[0]


async def many(tx: Tx, person_ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The people with these ids, active or not. One that no key opens is left out, and harms nobody else."""
    wanted = set(person_ids)
    known = {each: tx.remembered[person.name, each] for each in wanted if (person.name, each) in tx.remembered}
    wanted -= known.keys()
    if not wanted:
        return known
    try:
        found = {each.id: each for each in _people(await tx.all(_MANY, ids=wanted))}
        tx.remembered |= {(person.name, each): one for each, one in found.items()}
        return {each.id: each for each in sorted((known | found).values(), key=_by_name)}
    except KeysDoNotOpen:
        found = known
        for person_id in wanted:
            try:
                found[person_id] = await get(tx, person_id)
            except NoSuchRow:
                continue
            except KeysDoNotOpen:
                log.error("a person whom no key opens is left out: %s", person_id)  # noqa: TRY400 - the id says it all
        return found


async def unopened(tx: Tx, person_ids: Collection[UUID]) -> list[Person]:
    """Who they are and what they may do, without what is sealed."""
    return _people(await tx.all(_MANY_UNOPENED, ids=person_ids)) if person_ids else []


def remember(tx: Tx, one: Person) -> None:
    """`get` gives this for the rest of the transaction."""
    tx.remembered[person.name, one.id] = one


async def get_even_unread(tx: Tx, person_id: UUID) -> Person:
    """As `get`; see `even_unread`. Raises NoSuchRow."""
    found = await even_unread(tx, [person_id])
    if person_id not in found:
        raise NoSuchRow("person")
    return found[person_id]


async def even_unread(tx: Tx, person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """As `many`, but one that no key opens is there, without what is sealed: to be told of, and never to be saved."""
    found = await many(tx, person_ids)
    missing = set(person_ids) - found.keys()
    if missing:
        found |= {each.id: each for each in await _where(tx, person.c.id.in_(missing), columns=_UNSEALED)}
    return found


async def by_email(tx: Tx, agency_id: UUID, email: str) -> Person | None:
    """The agency's person with this e-mail address, whatever its case."""
    found = await _where(tx, person.c.agency_id == agency_id, person.c.email_index == tx.blind(email))
    return found[0] if found else None


async def find(tx: Tx, agency_id: UUID | None, text: str) -> list[Person]:
    """Active people by e-mail, by whole name, or by a part of it: the first of these that finds anybody.

    Names are sealed, so this opens the name of everybody in the agency: for the command line, not for hot paths.
    """
    scope = [person.c.active, _of(agency_id)]
    by_address = await _where(tx, *scope, person.c.email_index == tx.blind(text))
    if by_address:
        return by_address
    wanted = " ".join(text.split()).casefold()
    everybody = [each for each in await _all_where(tx, *scope) if each.name != UNREAD]
    whole = [each for each in everybody if each.name.casefold() == wanted]
    return whole or [each for each in everybody if wanted and wanted in each.name.casefold()]


async def in_team(tx: Tx, team_id: UUID) -> list[Person]:
    """Active people with any role in this team, by name."""
    members = select(membership.c.person_id).where(membership.c.team_id == team_id)
    return await _all_where(tx, person.c.active, person.c.id.in_(members))


async def having(tx: Tx, team_ids: Collection[UUID], roles: Collection[Role]) -> list[Person]:
    """Active people with one of these roles in one of these teams, by name. Their addresses are not opened."""
    theirs = select(membership.c.person_id).where(
        membership.c.team_id.in_(tuple(team_ids)), membership.c.role.in_([str(each) for each in roles])
    )
    return await _all_where(tx, person.c.active, person.c.id.in_(theirs), columns=_NAMED)


async def every(tx: Tx, agency_id: UUID | None = None) -> list[Person]:
    """Everybody of an agency, or of all, active or not, by name."""
    return await _all_where(tx, _of(agency_id))


def _of(agency_id: UUID | None) -> ColumnElement[bool]:
    """Of this agency, or of all: the canary's people are nobody."""
    return person.c.agency_id != CANARY if agency_id is None else person.c.agency_id == agency_id


async def add(
    tx: Tx,
    agency_id: UUID,
    name: str,
    *,
    email: str | None = None,
    phone: str | None = None,
    supervisor_id: UUID | None = None,
) -> Person:
    """Add a person, without roles yet."""
    made = Person(id=new_id(), agency_id=agency_id, name=name, email=email, phone=phone, supervisor_id=supervisor_id)
    values = {"id": made.id, "agency_id": agency_id, "active": True, "created_at": tx.now, **_sealed(tx, made)}
    await tx.conn.execute(insert(person).values(values))
    return made


async def save(tx: Tx, changed: Person) -> None:
    """Keep the person's own columns as they are in `changed`; roles are kept by `set_roles`."""
    left_at = null() if changed.active else func.coalesce(person.c.left_at, literal(tx.now, UtcDateTime()))
    values = {**_sealed(tx, changed), "active": changed.active, "responder": changed.responder, "left_at": left_at}
    tx.remembered.pop((person.name, changed.id), None)
    await tx.conn.execute(update(person).where(person.c.id == changed.id).values(values))


async def set_roles(tx: Tx, person_id: UUID, team_id: UUID, roles: frozenset[Role]) -> None:
    """These are the person's roles in this team from now on, and no others."""
    tx.remembered.pop((person.name, person_id), None)
    here = (membership.c.person_id == person_id) & (membership.c.team_id == team_id)
    await tx.conn.execute(delete(membership).where(here))
    rows = [{"person_id": person_id, "team_id": team_id, "role": str(role)} for role in sorted(roles)]
    if rows:
        await tx.conn.execute(insert(membership), rows)


def _sealed(tx: Tx, of: Person) -> dict[str, Any]:
    return {
        "name": of.name,
        "email": of.email,
        "email_index": None if of.email is None else tx.blind(of.email),
        "phone": of.phone,
        "phone_index": None if of.phone is None else tx.blind(of.phone),
        "supervisor_id": of.supervisor_id,
    }


_UNSEALED: tuple[ColumnElement[Any], ...] = (
    *(person.c[each] for each in ("id", "agency_id", "supervisor_id", "active")),
    literal(UNREAD).label("name"),
    *(null().label(each) for each in ("email", "phone", "responder")),
)


#: All that a list of names needs: each address opened is time.
_NAMED: tuple[ColumnElement[Any], ...] = (
    *(person.c[each] for each in ("id", "agency_id", "supervisor_id", "active", "name", "responder")),
    *(null().label(each) for each in ("email", "phone")),
)


async def _where(
    tx: Tx, *conditions: ColumnElement[bool], columns: Iterable[ColumnElement[Any]] = tuple(person.c)
) -> list[Person]:
    return _people(await tx.conn.execute(_with_roles(*columns).where(*conditions)))


async def _all_where(
    tx: Tx, *conditions: ColumnElement[bool], columns: Iterable[ColumnElement[Any]] = tuple(person.c)
) -> list[Person]:
    """As `_where`, for lists: one that no key opens is there as `even_unread` has it, and harms nobody else."""
    try:
        return await _where(tx, *conditions, columns=columns)
    except KeysDoNotOpen:
        ids = (await tx.conn.execute(select(person.c.id).where(*conditions))).scalars().all()
        return sorted((await even_unread(tx, ids)).values(), key=_by_name)


def _by_name(one: Person) -> tuple[str, UUID]:
    return one.name.casefold(), one.id


def _with_roles(*columns: ColumnElement[Any]) -> Select[Any]:
    whole = select(*columns, membership.c.team_id, membership.c.role)
    return whole.outerjoin(membership, membership.c.person_id == person.c.id)


_GET = Ready(_with_roles(*person.c).where(person.c.id == bindparam("id")))
_MANY_UNOPENED = Ready(_with_roles(*_UNSEALED).where(person.c.id.in_(bindparam("ids", expanding=True))))
_MANY = Ready(_with_roles(*person.c).where(person.c.id.in_(bindparam("ids", expanding=True))))


def _people(found: Iterable[Any]) -> list[Person]:
    rows: dict[UUID, Any] = {}
    roles: dict[UUID, dict[UUID, frozenset[Role]]] = {}
    for row in found:
        rows[row.id] = row
        of_person = roles.setdefault(row.id, {})
        if row.team_id is not None:
            of_person[row.team_id] = of_person.get(row.team_id, frozenset()) | {Role(row.role)}
    made = [_person(row, roles[person_id]) for person_id, row in rows.items()]
    return sorted(made, key=_by_name)


def _person(row: Any, roles: Roles) -> Person:
    return Person(
        id=row.id,
        agency_id=row.agency_id,
        name=row.name or GONE,
        email=row.email,
        phone=row.phone,
        supervisor_id=row.supervisor_id,
        active=row.active,
        responder=row.responder,
        roles=roles,
    )
