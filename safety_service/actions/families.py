"""Families: who may know of one, its record, and finding it by reference or by its exact name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from safety_service.actions import access, circle, ties
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.family import BadRecord, Record, changed, record_of, written
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import circles, exclusions, families, openings
from safety_service.store.database import Tx
from safety_service.store.families import FamilyRow, tidy_name, tidy_ref

#: Under this name the record keeps who changed which of its fields last, and when.
CHANGED = "changed"
NAME = "name"
#: Why whoever made a family may read it while nobody visits it.
MADE_IT = "made this record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family that the actor may know of. `teams`: which visit it; nobody does yet: those that the actor manages."""

    row: FamilyRow
    record: Record
    teams: frozenset[UUID]
    visitors: frozenset[UUID]
    excluded: frozenset[UUID]
    visited: bool

    @property
    def id(self) -> UUID:
        """The family's id."""
        return self.row.id

    @property
    def ref(self) -> str:
        """The family's reference."""
        return self.row.ref

    @property
    def stamps(self) -> Mapping[str, Mapping[str, str]]:
        """Who changed which field last (`by`), and when (`at`)."""
        kept: Mapping[str, Mapping[str, str]] = self.row.record.get(CHANGED, {})
        return kept


async def known(tx: Tx, actor: Actor, ref: str, *, lock: bool = False) -> Family:
    """The family with this reference, for actions that log what they do themselves.

    Raises NotFound; Refused `reason_for_opening`, and so does whatever else needs the family.
    """
    row = await families.load(tx, actor.agency_id, tidy_ref(ref), lock=lock)
    if row is None:
        raise NotFound
    return await _seen(tx, actor, row)


async def by_id(tx: Tx, actor: Actor, family_id: UUID) -> Family:
    """The same by its id. Raises NotFound."""
    return await _seen(tx, actor, await families.by_id(tx, family_id))


async def read(tx: Tx, actor: Actor, ref: str) -> Family:
    """Read a family. Raises NotFound."""
    found = await known(tx, actor, ref)
    await log_read(tx, actor, found, "family")
    return found


async def find(tx: Tx, actor: Actor, text: str) -> list[Family]:
    """Families with this reference or of exactly this name, as far as the actor may know of them.

    Of one that they are to say first why they open, it gives the reference and nothing else.
    """
    by_ref = await families.load(tx, actor.agency_id, tidy_ref(text)) if text.strip() else None
    named = await families.by_name(tx, actor.agency_id, text) if text.strip() else []
    found: list[Family] = []
    for row in {each.id: each for each in (by_ref, *named) if each is not None}.values():
        try:
            found.append(await _seen(tx, actor, row))
        except NotFound:
            continue
        except Refused:
            found.append(await may_know(tx, actor, replace(row, name=None, record={})))
    await keep(tx, actor, actor.agency_id, "searched", subject="family", subject_id=None, found=len(found))
    return found


async def make(tx: Tx, actor: Actor, ref: str) -> Family:
    """A family that nobody visits yet; one that is known already is read. Raises NotFound, Refused."""
    tidy = tidy_ref(ref)
    if not tidy:
        raise Refused("ref_wanted")
    if not actor.teams(Role.MANAGER):
        raise Refused("managers_only")
    if await families.by_ref(tx, actor.agency_id, tidy) is None:
        made = await families.ensure(tx, actor.agency_id, tidy)
        # Whoever makes it fills it in: they are not asked why.
        until = tx.now + (await tx.policy()).family.opening
        await openings.add(tx, actor.agency_id, made, actor.person_id, MADE_IT, until)
        await keep(tx, actor, actor.agency_id, "made", subject="family", subject_id=made)
    return await read(tx, actor, tidy)


async def change(tx: Tx, actor: Actor, ref: str, version: int, changes: Mapping[str, Any]) -> Family:
    """Replace fields of the record, and the `name`. Who changed which, and when, is kept with it and in the log.

    Raises NotFound; Refused: `not_your_role`, `changed_meanwhile` (another version than was read), `record_unknown`.
    """
    before = await known(tx, actor, ref, lock=True)
    may_change(actor, before)
    if before.row.version != version:
        raise Refused("changed_meanwhile")
    given = {name: value for name, value in changes.items() if name != NAME}
    try:
        after, names = changed(before.record, given)
    except BadRecord as bad:
        raise Refused("record_unknown", field=next(iter(bad.faults))) from bad
    name = tidy_name(str(changes[NAME] or "")) or None if NAME in changes else before.row.name
    if name != before.row.name:
        names = (*names, NAME)
    if not names:
        return before
    stamp = {"by": str(actor.person_id), "at": tx.now.isoformat()}
    stamps = {**before.stamps, **dict.fromkeys(names, stamp)}
    row = await families.save(tx, replace(before.row, name=name, record={**written(after), CHANGED: stamps}))
    await keep(tx, actor, actor.agency_id, "changed", subject="family", subject_id=row.id, fields=list(names))
    return replace(before, row=row, record=after)


def page_of(ref: str, what: str = "") -> str:
    """The path of our own page about a family: the family itself, its `briefing`, its `plan`."""
    return f"/families/{quote(ref, safe='')}" + (f"/{what}" if what else "")


def may_change(actor: Actor, family: Family) -> None:
    """Write in what is kept of a family: its managers, and the practitioners who go there. Raises Refused."""
    manages = not actor.teams(Role.MANAGER).isdisjoint(family.teams)
    if not manages and actor.person_id not in family.visitors:
        raise Refused("not_your_role")


def changes(actor: Actor, family: Family) -> bool:
    """Whether what is kept of a family is the actor's to change."""
    try:
        may_change(actor, family)
    except Refused:
        return False
    return True


def may_lower(actor: Actor, family: Family, going: frozenset[UUID]) -> None:
    """Make a family count for less: a manager of it, and never before one's own visit. Raises Refused."""
    if actor.teams(Role.MANAGER).isdisjoint(family.teams):
        raise Refused("managers_only")
    if actor.person_id in going:
        raise Refused("never_your_own")


async def to_ask(tx: Tx, row: FamilyRow) -> frozenset[UUID]:
    """Whom to ask about a family: the managers on duty of the teams that visit it, never who is kept off it."""
    teams, _ = await circles.of_family(tx, row.id)
    return await circle.to_ask(tx, row.agency_id, teams, row.id)


async def log_read(tx: Tx, actor: Actor, family: Family, what: str) -> None:
    """Keep that the actor read this of a family."""
    await keep(tx, actor, actor.agency_id, "read", subject=what, subject_id=family.id)


async def _seen(tx: Tx, actor: Actor, row: FamilyRow) -> Family:
    family = await may_know(tx, actor, row)
    await ties.must_have(tx, actor, row.id, family.teams if family.visited else ())
    return family


async def may_know(tx: Tx, actor: Actor, row: FamilyRow) -> Family:
    """The family, for whoever may know that there is one; whether they are asked why is not looked at. Raises NotFound.

    One that nobody visits yet is any manager's; they are asked why.
    """
    teams, visitors = await circles.of_family(tx, row.id)
    excluded = await exclusions.excluded(tx, None, row.id)
    whose = teams or actor.teams(Role.MANAGER)
    access.may_see_family(actor, row.agency_id, whose, visitors, excluded)
    return Family(
        row=row,
        record=record_of(row.record),
        teams=whose,
        visitors=visitors,
        excluded=excluded,
        visited=bool(teams),
    )
