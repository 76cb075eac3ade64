"""Exclusions as an administrator looks at them: never those about themselves, nor about whom they are kept off."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from safety_service.actions import access, exclusions
from safety_service.actions.actor import Actor
from safety_service.actions.directory import named, person_of
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions as rows
from safety_service.store import families, people
from safety_service.store.database import Tx
from safety_service.store.exclusions import Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One exclusion: who is kept off whom. The reason is read one at a time, and that it was read is kept."""

    id: UUID
    person: str
    kept_off: str
    since: datetime


async def listed(tx: Tx, by: Actor, person_id: UUID | None = None) -> list[Seen]:
    """Those that have not ended: all of the agency, or of one person. Raises Refused `administrators_only`."""
    access.may_run_exclusions(by, by.agency_id)
    found = await _visible(tx, by)
    mine = [each for each in found if person_id in (None, each.person_id)]
    known = await people.even_unread(tx, {who for each in mine for who in (each.person_id, each.worker_id) if who})
    return [
        Seen(
            id=each.id,
            person=known[each.person_id].name,
            kept_off=known[each.worker_id].name if each.worker_id else await _family(tx, each),
            since=each.created_at,
        )
        for each in mine
    ]


async def _family(tx: Tx, row: Exclusion) -> str:
    assert row.family_id is not None
    return f"family {await families.ref_of(tx, row.family_id)}"


async def why(tx: Tx, by: Actor, exclusion_id: UUID) -> tuple[Seen, str]:
    """One with its reason; that it was read is kept. Raises NotFound; Refused `administrators_only`."""
    access.may_run_exclusions(by, by.agency_id)
    row = next((each for each in await _visible(tx, by) if each.id == exclusion_id), None)
    if row is None:
        raise NotFound
    found = next(each for each in await listed(tx, by, row.person_id) if each.id == exclusion_id)
    await keep(tx, by, by.agency_id, "read", subject="exclusion", subject_id=exclusion_id)
    return found, await rows.reason_of(tx, exclusion_id)


async def add(tx: Tx, by: Actor, person_id: UUID, *, worker: str, family_ref: str, reason: str) -> UUID:
    """Keep somebody off a colleague (by name or e-mail address) or off a family.

    Raises NotFound; Refused: `administrators_only`, `worker_unknown`, `several_of_that_name`, and as `exclusions.add`.
    """
    await person_of(tx, by, person_id)
    worker_id = await _who(tx, by, worker) if worker.strip() else None
    return await exclusions.add(
        tx, by, person_id, worker_id=worker_id, family_ref=family_ref.strip() or None, reason=reason
    )


async def end(tx: Tx, by: Actor, exclusion_id: UUID) -> None:
    """It holds no more. Raises NotFound; Refused `administrators_only`."""
    access.may_run_exclusions(by, by.agency_id)
    if exclusion_id not in {each.id for each in await _visible(tx, by)}:
        raise NotFound
    await exclusions.end(tx, by, by.agency_id, exclusion_id)


async def _who(tx: Tx, by: Actor, words: str) -> UUID:
    found = await named(tx, by, words)
    if not found:
        raise Refused("worker_unknown")
    if len(found) > 1:
        raise Refused("several_of_that_name")
    return found[0].id


async def _visible(tx: Tx, by: Actor) -> list[Exclusion]:
    """Those about the actor themself are of a worker or a family whom they are kept off: they go with these."""
    kept_off = await rows.of_person(tx, by.person_id)
    return [
        each
        for each in await rows.every(tx, by.agency_id)
        if each.person_id not in kept_off.workers
        and each.worker_id not in kept_off.workers
        and each.family_id not in kept_off.families
    ]
