"""Families by reference, and what is known of their risk."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from safety_service.domain.risk import Fact
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from safety_service.store.ids import new_id
from safety_service.store.tables.visits import family, risk_fact, visit
from safety_service.store.upsert import insert_or


def tidy_ref(text: str) -> str:
    """A reference as it is kept, however it was typed."""
    return " ".join(text.split()).upper()[:64]


async def by_ref(tx: Tx, agency_id: UUID, ref: str) -> UUID | None:
    """The family with this reference."""
    query = select(family.c.id).where(family.c.agency_id == agency_id, family.c.ref == ref)
    return (await tx.conn.execute(query)).scalar_one_or_none()


async def ref_of(tx: Tx, family_id: UUID) -> str:
    """A family's reference."""
    return str((await tx.conn.execute(select(family.c.ref).where(family.c.id == family_id))).scalar_one())


async def ensure(tx: Tx, agency_id: UUID, ref: str) -> UUID:
    """The family with this reference, made if it is new; if two make it in the same moment, one does."""
    found = await by_ref(tx, agency_id, ref)
    if found is not None:
        return found
    new = insert_or(tx, family).values(id=new_id(), agency_id=agency_id, ref=ref, created_at=tx.now)
    once = new.on_conflict_do_nothing(index_elements=["agency_id", "ref"]).returning(family.c.id)
    made: UUID | None = (await tx.conn.execute(once)).scalar()
    found = made or await by_ref(tx, agency_id, ref)
    if found is None:
        raise TryAgain("a family was made, and was gone, in the same moment")
    return found


async def known(tx: Tx, family_id: UUID) -> bool:
    """Whether anything is known: a visit before, or a fact."""
    visited = select(visit.c.id).where(visit.c.family_id == family_id).limit(1)
    fact = select(risk_fact.c.id).where(risk_fact.c.family_id == family_id).limit(1)
    return (await tx.conn.execute(visited)).first() is not None or (await tx.conn.execute(fact)).first() is not None


async def facts(tx: Tx, family_id: UUID) -> Sequence[Fact]:
    """Every risk fact of the family, ended ones too."""
    query = select(risk_fact).where(risk_fact.c.family_id == family_id).order_by(risk_fact.c.on)
    rows = (await tx.conn.execute(query)).all()
    return [Fact(kind=row.kind, on=row.on, worker_id=row.worker_id, ended_on=row.ended_on) for row in rows]


async def add_fact(
    tx: Tx, family_id: UUID, kind: str, on: date, *, source: str, by: UUID | None, worker_id: UUID | None = None
) -> None:
    """Add a risk fact with its source."""
    await tx.conn.execute(
        insert(risk_fact).values(
            id=new_id(),
            family_id=family_id,
            worker_id=worker_id,
            kind=kind,
            on=on,
            source=source,
            created_at=tx.now,
            created_by=by,
        )
    )
