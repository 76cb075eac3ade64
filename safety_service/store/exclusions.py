"""Exclusions: who is kept off a worker's or a family's alerts, positions, visits, board and search.

A relative or a former partner may be among the staff. An exclusion ends; it is never deleted.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, or_, select, update

from safety_service.store.batch import by, foreseen
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import exclusion

log = logging.getLogger(__name__)

#: In place of a reason that no key opens.
UNREAD = "The reason cannot be read."


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One exclusion: `person_id` is kept off one worker or one family. Why is read by itself (`reason_of`)."""

    id: UUID
    agency_id: UUID
    person_id: UUID
    worker_id: UUID | None
    family_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class KeptOff:
    """What one person is kept off."""

    workers: frozenset[UUID]
    families: frozenset[UUID]

    def from_matter(self, workers: Iterable[UUID], family_id: UUID | None) -> bool:
        """Whether this keeps them off something about these workers and this family."""
        return family_id in self.families or not self.workers.isdisjoint(workers)


_RUNNING = exclusion.c.ended_at.is_(None)
_THIS_FAMILY = exclusion.c.family_id == bindparam("family_id", type_=exclusion.c.family_id.type)
_THESE_WORKERS = exclusion.c.worker_id.in_(bindparam("workers", expanding=True))
_OF_WORKERS = Ready(select(exclusion.c.person_id).where(or_(_THESE_WORKERS, _THIS_FAMILY), _RUNNING))
_OF_FAMILY = Ready(select(exclusion.c.person_id).where(_THIS_FAMILY, _RUNNING))
_OF_PEOPLE = Ready(
    select(exclusion.c.person_id, exclusion.c.worker_id, exclusion.c.family_id).where(
        exclusion.c.person_id.in_(bindparam("people", expanding=True)), _RUNNING
    )
)


async def excluded(tx: Tx, worker_id: UUID | None, family_id: UUID | None) -> frozenset[UUID]:
    """Who is kept off this worker or this family."""
    return await excluded_any(tx, () if worker_id is None else (worker_id,), family_id)


@foreseen
async def excluded_any(tx: Tx, worker_ids: Iterable[UUID], family_id: UUID | None) -> frozenset[UUID]:
    """Who is kept off any of these workers or this family."""
    workers = tuple(worker_ids)
    if workers:
        return frozenset(await tx.scalars(_OF_WORKERS, workers=workers, family_id=family_id))
    return frozenset() if family_id is None else frozenset(await tx.scalars(_OF_FAMILY, family_id=family_id))


async def of_person(tx: Tx, person_id: UUID) -> KeptOff:
    """What this person is kept off, for lists and boards."""
    return (await of_people(tx, [person_id])).get(person_id, _NOTHING)


async def of_people(tx: Tx, people: Collection[UUID]) -> dict[UUID, KeptOff]:
    """What each of these people is kept off, of those who are kept off anything."""
    rows = by(await tx.all(_OF_PEOPLE, people=people), "person_id") if people else {}
    return {
        person_id: KeptOff(
            frozenset(row.worker_id for row in theirs if row.worker_id is not None),
            frozenset(row.family_id for row in theirs if row.family_id is not None),
        )
        for person_id, theirs in rows.items()
    }


_NOTHING = KeptOff(frozenset(), frozenset())


async def every(tx: Tx, agency_id: UUID | None = None) -> list[Exclusion]:
    """Exclusions that have not ended, the oldest first."""
    columns = (exclusion.c[name] for name in Exclusion.__dataclass_fields__)
    query = select(*columns).where(exclusion.c.ended_at.is_(None)).order_by(exclusion.c.id)
    if agency_id is not None:
        query = query.where(exclusion.c.agency_id == agency_id)
    return [
        Exclusion(row.id, row.agency_id, row.person_id, row.worker_id, row.family_id, row.created_at)
        for row in await tx.conn.execute(query)
    ]


async def reason_of(tx: Tx, exclusion_id: UUID) -> str:
    """Why; what says that it cannot be read, where no key opens it: the exclusion holds all the same."""
    try:
        query = select(exclusion.c.reason).where(exclusion.c.id == exclusion_id)
        return (await tx.conn.execute(query)).scalar_one() or ""
    except KeysDoNotOpen:
        log.error("a reason that no key opens: exclusion %s", exclusion_id)  # noqa: TRY400 - the id says it all
        return UNREAD


async def add(
    tx: Tx,
    agency_id: UUID,
    person_id: UUID,
    *,
    worker_id: UUID | None = None,
    family_id: UUID | None = None,
    reason: str,
    by: UUID | None,
) -> UUID:
    """Keep a person off a worker or a family (one of the two), and say why. Returns the exclusion's id."""
    exclusion_id = new_id()
    await tx.conn.execute(
        insert(exclusion).values(
            id=exclusion_id,
            agency_id=agency_id,
            person_id=person_id,
            worker_id=worker_id,
            family_id=family_id,
            reason=reason,
            created_by=by,
            created_at=tx.now,
        )
    )
    return exclusion_id


async def end(tx: Tx, exclusion_id: UUID) -> bool:
    """The exclusion ends now. False: there was none that had not ended."""
    still = (exclusion.c.id == exclusion_id) & exclusion.c.ended_at.is_(None)
    return (await tx.conn.execute(update(exclusion).where(still).values(ended_at=tx.now))).rowcount == 1
