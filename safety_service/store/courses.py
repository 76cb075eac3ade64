"""How the work goes on, as it was decided: for a family or for a worker. Decisions are followed, never changed."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, or_, select

from safety_service.domain.course import Course, CourseKind
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.plans import course

#: What of a decision no key has to open: one that is spoilt keeps no other from being asked about.
_PLAIN = [each for each in course.columns if each.name != "reason"]


async def add(tx: Tx, made: Course) -> None:
    """Keep a decision."""
    await tx.conn.execute(insert(course).values({each.name: getattr(made, each.name) for each in course.columns}))


async def of_family(tx: Tx, family_id: UUID) -> list[Course]:
    """Every one about this family, the newest first."""
    query = select(course).where(course.c.family_id == family_id).order_by(course.c.id.desc())
    return [_read(row) for row in await tx.conn.execute(query)]


async def latest(tx: Tx, family_id: UUID, workers: Collection[UUID]) -> list[Course]:
    """The newest about this family, and the newest about each of these workers."""
    about: dict[str, Any] = {"family_id": family_id}
    if workers:
        about["workers"] = workers
    rows = await tx.all(_OF_THESE if workers else _OF_FAMILY, **about)
    found: dict[UUID | None, Course] = {row.worker_id: _read(row) for row in rows}
    return list(found.values())


_THIS_FAMILY = course.c.family_id == bindparam("family_id")
_THESE_WORKERS = course.c.worker_id.in_(bindparam("workers", expanding=True))
_OF_FAMILY = Ready(select(course).where(_THIS_FAMILY).order_by(course.c.id))
_OF_THESE = Ready(select(course).where(or_(_THIS_FAMILY, _THESE_WORKERS)).order_by(course.c.id))


async def ending(tx: Tx, since: date, until: date, after: UUID, limit: int) -> list[Course]:
    """Those that end in these days and that nothing has followed, by id, beginning after one; without their reasons."""
    later = course.alias("later")
    same = or_(later.c.family_id == course.c.family_id, later.c.worker_id == course.c.worker_id)
    followed = select(later.c.id).where(same, later.c.id > course.c.id).exists()
    query = select(*_PLAIN).where(course.c.until_on.between(since, until), course.c.id > after, ~followed)
    rows = await tx.conn.execute(query.order_by(course.c.id).limit(limit))
    return [Course(**{**row._mapping, "kind": CourseKind(row.kind), "reason": ""}) for row in rows]


def _read(row: Any) -> Course:
    return Course(**{**row._mapping, "kind": CourseKind(row.kind)})
