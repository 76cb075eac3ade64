"""Running exclusions: keeping a person off a worker's or a family's alerts, visits, positions and search."""

from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain import handling
from safety_service.domain.refusal import Refused
from safety_service.store import alerts, exclusions, families, people, unsent, visits
from safety_service.store.database import Tx
from safety_service.store.exclusions import Exclusion
from safety_service.store.people import Person


@dataclass(frozen=True, slots=True)
class Described:
    """An exclusion in words: who is kept off whom (a worker's name or a family's reference)."""

    row: Exclusion
    person: Person
    kept_off: str
    reason: str


async def of_agency(tx: Tx, by: Actor | None, agency_id: UUID) -> list[Described]:
    """Every exclusion that has not ended."""
    access.may_run_exclusions(by, agency_id)
    rows = await exclusions.every(tx, agency_id)
    known = await people.even_unread(tx, {each for row in rows for each in (row.person_id, row.worker_id) if each})
    return [
        Described(row, known[row.person_id], await _whom(tx, row, known), await exclusions.reason_of(tx, row.id))
        for row in rows
    ]


async def _whom(tx: Tx, row: Exclusion, known: dict[UUID, Person]) -> str:
    if row.worker_id is not None:
        return known[row.worker_id].name
    assert row.family_id is not None
    return f"family {await families.ref_of(tx, row.family_id)}"


async def add(
    tx: Tx,
    by: Actor | None,
    person_id: UUID,
    *,
    worker_id: UUID | None = None,
    family_ref: str | None = None,
    reason: str,
) -> UUID:
    """Keep a person off a worker or off a family, which need not have been visited yet. Returns the exclusion's id.

    Raises NotFound; Refused: `reason_wanted`, `one_of_two_wanted`, `excluded_from_self`.
    """
    known = await people.many(tx, {each for each in (person_id, worker_id) if each})
    person = known.get(person_id)
    if person is None or any(each.agency_id != person.agency_id for each in known.values()):
        raise NotFound
    if worker_id is not None and worker_id not in known:
        raise NotFound
    access.may_run_exclusions(by, person.agency_id)
    _sensible(person_id, worker_id, family_ref, reason)
    ref = None if family_ref is None else families.tidy_ref(family_ref)
    family_id = None if ref is None else await families.ensure(tx, person.agency_id, ref)
    made_by = None if by is None else by.person_id
    exclusion_id = await exclusions.add(
        tx, person.agency_id, person_id, worker_id=worker_id, family_id=family_id, reason=reason.strip(), by=made_by
    )
    await keep(tx, by, person.agency_id, "added", subject="exclusion", subject_id=exclusion_id)
    await unsent.drop_about(tx, person_id, worker_id=worker_id, family_id=family_id)
    await _pass_on_what_they_own(tx, person_id)
    return exclusion_id


async def _pass_on_what_they_own(tx: Tx, person_id: UUID) -> None:
    """An alert that they had, and are kept off now, is nobody's: the next rung hears at once."""
    owned = await alerts.owned_by(tx, person_id)
    about = await visits.load_many(tx, {each.alert.visit_id for each in owned if each.alert.visit_id is not None})
    kept_off = await exclusions.of_person(tx, person_id)
    for row in owned:
        visit = None if row.alert.visit_id is None else about.get(row.alert.visit_id)
        workers = frozenset() if row.alert.worker_id is None else frozenset({row.alert.worker_id})
        going, family_id = (frozenset(), None) if visit is None else (visit.workers, visit.family_id)
        if kept_off.from_matter(workers | going, family_id):
            await alerts.save(tx, row, handling.owner_barred(row.alert, tx.now))
            tx.announce("sweep")


async def end(tx: Tx, by: Actor | None, agency_id: UUID, exclusion_id: UUID) -> None:
    """The exclusion holds no more; that it was there is kept. Who is kept off does not end it themselves.

    Raises NotFound; Refused `never_your_own`.
    """
    access.may_run_exclusions(by, agency_id)
    found = next((row for row in await exclusions.every(tx, agency_id) if row.id == exclusion_id), None)
    if found is None:
        raise NotFound
    if by is not None and by.person_id == found.person_id:
        raise Refused("never_your_own")
    await exclusions.end(tx, exclusion_id)
    await keep(tx, by, agency_id, "ended", subject="exclusion", subject_id=exclusion_id)


def _sensible(person_id: UUID, worker_id: UUID | None, family_ref: str | None, reason: str) -> None:
    if (worker_id is None) == (not (family_ref or "").strip()):
        raise Refused("one_of_two_wanted")
    if worker_id == person_id:
        raise Refused("excluded_from_self")
    if not reason.strip():
        raise Refused("reason_wanted")
