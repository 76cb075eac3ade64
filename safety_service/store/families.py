"""Families by reference, and what is known of their risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Row, bindparam, select, update

from safety_service.domain.risk import Fact
from safety_service.store import risk_facts
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow, TryAgain
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.risk_facts import FactRow
from safety_service.store.tables.visits import family, risk_fact, visit
from safety_service.store.upsert import insert_for


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRow:
    """A family. `record` is what domain.family says; `version` counts its changes."""

    id: UUID
    agency_id: UUID
    ref: str
    name: str | None
    record: Mapping[str, Any]
    version: int


_BY_REF = Ready(
    select(family.c.id).where(family.c.agency_id == bindparam("agency_id"), family.c.ref == bindparam("ref"))
)
_VISITED = Ready(select(visit.c.id).where(visit.c.family_id == bindparam("family_id")).limit(1))
_WITH_FACT = Ready(select(risk_fact.c.id).where(risk_fact.c.family_id == bindparam("family_id")).limit(1))
_JUDGED_BY = tuple(risk_fact.c[name] for name in ("kind", "on", "worker_id", "ended_on", "created_at"))
_FACTS = Ready(select(*_JUDGED_BY).where(risk_fact.c.family_id == bindparam("family_id")).order_by(risk_fact.c.on))


def tidy_name(text: str) -> str:
    """A name as it is kept, and looked up."""
    return " ".join(text.split())[:200]


def tidy_ref(text: str) -> str:
    """A reference as it is kept, however it was typed."""
    return " ".join(text.replace("\x00", "").split()).upper()[:64]


async def by_ref(tx: Tx, agency_id: UUID, ref: str) -> UUID | None:
    """The family with this reference."""
    found: UUID | None = await tx.scalar(_BY_REF, agency_id=agency_id, ref=ref)
    return found


async def ref_of(tx: Tx, family_id: UUID) -> str:
    """A family's reference."""
    return str((await tx.conn.execute(select(family.c.ref).where(family.c.id == family_id))).scalar_one())


async def ensure(tx: Tx, agency_id: UUID, ref: str) -> UUID:
    """The family with this reference, made if it is new; if two make it in the same moment, one does."""
    found = await by_ref(tx, agency_id, ref)
    if found is not None:
        return found
    made: UUID | None = await tx.scalar(_ENSURE, id=new_id(), agency_id=agency_id, ref=ref, created_at=tx.now)
    found = made or await by_ref(tx, agency_id, ref)
    if found is None:
        raise TryAgain("a family was made, and was gone, in the same moment")
    return found


def _once(dialect: str) -> Insert:
    new = insert_for(dialect, family).on_conflict_do_nothing(index_elements=["agency_id", "ref"])
    return new.returning(family.c.id)


_ENSURE = Ready(_once, "id", "agency_id", "ref", "created_at")


async def known(tx: Tx, family_id: UUID) -> bool:
    """Whether anything is known: a visit before, or a fact."""
    if await tx.first(_VISITED, family_id=family_id) is not None:
        return True
    return await tx.first(_WITH_FACT, family_id=family_id) is not None


async def facts(tx: Tx, family_id: UUID) -> Sequence[Fact]:
    """Every risk fact of the family, ended ones too."""
    rows = await tx.all(_FACTS, family_id=family_id)
    return [
        Fact(
            kind=row.kind,
            on=row.on,
            worker_id=row.worker_id,
            ended_on=row.ended_on,
            known_at=row.created_at,
        )
        for row in rows
    ]


async def add_fact(
    tx: Tx,
    family_id: UUID,
    kind: str,
    on: date,
    *,
    source: str,
    by: UUID | None,
    worker_id: UUID | None = None,
    **more: Any,
) -> FactRow:
    """Add a risk fact with its source; `more` are other columns of it (`says`, `debrief_id`, `review_on` …)."""
    return await risk_facts.add(tx, family_id, kind, on, source=source, by=by, worker_id=worker_id, **more)


async def load(tx: Tx, agency_id: UUID, ref: str, *, lock: bool = False) -> FamilyRow | None:
    """The family with this reference, whole; `lock` holds it until the transaction ends."""
    query = select(family).where(family.c.agency_id == agency_id, family.c.ref == ref)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def by_id(tx: Tx, family_id: UUID) -> FamilyRow:
    """The family, whole. Raises NoSuchRow."""
    row = (await tx.conn.execute(select(family).where(family.c.id == family_id))).one_or_none()
    if row is None:
        raise NoSuchRow("family")
    return _read(row)


async def by_name(tx: Tx, agency_id: UUID, name: str) -> list[FamilyRow]:
    """Families of exactly this name, whatever its case: more than one may bear it."""
    same = family.c.name_index == tx.blind(tidy_name(name))
    rows = await tx.conn.execute(select(family).where(family.c.agency_id == agency_id, same).order_by(family.c.ref))
    return [_read(row) for row in rows]


async def save(tx: Tx, row: FamilyRow) -> FamilyRow:
    """Keep the name and the record as they are in `row`; the version goes up by one."""
    version = row.version + 1
    name = tidy_name(row.name) if row.name else None
    values = {
        "name": name,
        "name_index": None if name is None else tx.blind(name),
        "record": dict(row.record),
        "version": version,
        "changed_at": tx.now,
    }
    await tx.conn.execute(update(family).where(family.c.id == row.id).values(values))
    return replace(row, name=name, version=version)


def _read(row: Row[Any]) -> FamilyRow:
    return FamilyRow(
        id=row.id, agency_id=row.agency_id, ref=row.ref, name=row.name, record=row.record or {}, version=row.version
    )
