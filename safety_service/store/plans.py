"""Versions of risk reduction plans, and who has read which. A version is a picture, and is never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select

from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.ready import Ready
from safety_service.store.tables.around import meeting
from safety_service.store.tables.plans import briefing_read, plan_version
from safety_service.store.tables.visits import family

#: The number of a plan that has no version yet.
NONE = 0
#: What of a version no key has to open: one that is spoilt keeps no other from being asked about.
_PLAIN = [each for each in plan_version.columns if each.name not in ("why", "measures")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version: `measures` as `domain.plan.picture` gives them."""

    id: UUID
    agency_id: UUID
    family_id: UUID
    number: int
    made_at: datetime
    made_by: UUID | None
    #: `debrief`, `decision`, `meeting`, `review`, `expiry`.
    cause: str
    why: str
    measures: Sequence[Mapping[str, Any]]
    review_on: date | None


async def lock_family(tx: Tx, family_id: UUID) -> UUID:
    """Hold the family's plan until the transaction ends: one version, one proposal at a time. Gives its agency.

    Raises NoSuchRow.
    """
    agency_id: UUID | None = await tx.scalar(_HELD, family_id=family_id)
    if agency_id is None:
        raise NoSuchRow("family")
    return agency_id


_HELD = Ready(select(family.c.agency_id).where(family.c.id == bindparam("family_id")).with_for_update(key_share=True))


async def add(tx: Tx, version: Version) -> None:
    """Keep a new one."""
    values = {each.name: getattr(version, each.name) for each in plan_version.columns}
    await tx.conn.execute(insert(plan_version).values(**values))


async def number(tx: Tx, family_id: UUID) -> int:
    """The number of the plan now; 0: there is none yet."""
    return int(await tx.scalar(_NUMBER, family_id=family_id) or NONE)


_NUMBER = Ready(select(func.max(plan_version.c.number)).where(plan_version.c.family_id == bindparam("family_id")))


async def latest(tx: Tx, family_id: UUID) -> Version | None:
    """The plan as it is now."""
    query = select(plan_version).where(plan_version.c.family_id == family_id)
    row = (await tx.conn.execute(query.order_by(plan_version.c.number.desc()).limit(1))).one_or_none()
    return None if row is None else _read(row)


async def of_family(tx: Tx, family_id: UUID) -> list[Version]:
    """Every version, the newest first."""
    query = select(plan_version).where(plan_version.c.family_id == family_id).order_by(plan_version.c.number.desc())
    return [_read(row) for row in await tx.conn.execute(query)]


async def overdue(tx: Tx, today: date, after: UUID, limit: int) -> list[Version]:
    """Plans whose review was due before this day, by id, beginning after one; without their words and measures.

    Where a meeting set the day it is the meeting that is asked about, until the plan was looked at as a plan.
    """
    later = plan_version.alias("later")
    newer = select(later.c.id).where(
        later.c.family_id == plan_version.c.family_id, later.c.number > plan_version.c.number
    )
    review = plan_version.alias("review")
    reviewed = select(review.c.id).where(
        review.c.family_id == meeting.c.family_id,
        review.c.number > meeting.c.plan_number,
        review.c.cause == "review",
    )
    met = select(meeting.c.id).where(
        meeting.c.family_id == plan_version.c.family_id,
        meeting.c.state == "held",
        meeting.c.next_at.is_not(None),
        meeting.c.review_on <= plan_version.c.review_on,
        ~reviewed.exists(),
    )
    query = select(*_PLAIN).where(
        plan_version.c.review_on < today, plan_version.c.id > after, ~newer.exists(), ~met.exists()
    )
    rows = await tx.conn.execute(query.order_by(plan_version.c.id).limit(limit))
    return [Version(**row._mapping, why="", measures=()) for row in rows]


async def reviewed_since(tx: Tx, family_id: UUID, number: int) -> bool:
    """Whether the plan was looked at again, as a plan, after the version with this number."""
    later = (plan_version.c.family_id == family_id, plan_version.c.number > number, plan_version.c.cause == "review")
    return (await tx.conn.execute(select(plan_version.c.id).where(*later).limit(1))).first() is not None


async def readers(tx: Tx, family_id: UUID, since: int) -> dict[UUID, datetime]:
    """Who has read the briefing of this version or of a later one, and when first."""
    query = select(briefing_read.c.person_id, func.min(briefing_read.c.at).label("at")).where(
        briefing_read.c.family_id == family_id, briefing_read.c.plan_number >= since
    )
    return {row.person_id: row.at for row in await tx.conn.execute(query.group_by(briefing_read.c.person_id))}


def _read(row: Row[Any]) -> Version:
    return Version(**row._mapping)
