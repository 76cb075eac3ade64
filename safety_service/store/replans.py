"""A planned visit that is planned otherwise: its columns, and a watch for everybody who goes now."""

from collections.abc import Collection
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import delete, exists, insert, or_, select, update

from safety_service.domain.watch import Watch
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import said, visit, watch
from safety_service.store.visits import VisitRow


async def replan(tx: Tx, before: VisitRow, after: VisitRow) -> None:
    """Write a visit that this transaction has locked as it is planned now: a decision on the plan before is void."""
    gone = before.workers - after.workers
    if gone:
        await tx.conn.execute(delete(watch).where(watch.c.visit_id == after.id, watch.c.worker_id.in_(gone)))
    for each in after.visit.watches:
        if each.worker_id in before.workers:
            place = (watch.c.visit_id == after.id, watch.c.worker_id == each.worker_id)
            await tx.conn.execute(update(watch).where(*place).values(**asdict(each)))
        else:
            await tx.conn.execute(insert(watch).values(visit_id=after.id, **asdict(each)))
    await tx.conn.execute(
        update(visit)
        .where(visit.c.id == after.id)
        .values(
            status=after.visit.status,
            risk=after.visit.risk,
            because=after.because,
            purpose=after.purpose,
            address=after.address,
            starts_at=after.visit.starts_at,
            ends_at=after.visit.ends_at,
            travel=after.visit.travel,
            to_locate=bool(after.address.get("text")) != (after.address.get("latitude") is not None),
            speaker_id=after.visit.speaker_id,
            answers=after.answers,
            lacking=after.lacking,
            plan_number=after.plan_number,
            version=after.version,
            changed_version=after.version,
        )
    )


async def heard_of(tx: Tx, visit_id: UUID, workers: Collection[UUID]) -> bool:
    """Whether any of these workers has said a word on this visit, or anything was raised about them there."""
    if not workers:
        return False
    spoke = exists().where(said.c.visit_id == visit_id, said.c.worker_id.in_(workers))
    raised = exists().where(alert.c.visit_id == visit_id, alert.c.worker_id.in_(workers))
    return bool((await tx.conn.execute(select(or_(spoke, raised)))).scalar())


def differences(before: VisitRow, after: VisitRow) -> list[str]:
    """What of a plan changed, by name: never what it says."""
    was, now = _compared(before), _compared(after)
    return [name for name in now if was[name] != now[name]]


def _compared(row: VisitRow) -> dict[str, object]:
    return {
        "starts_at": row.visit.starts_at,
        "ends_at": row.visit.ends_at,
        "workers": row.workers,
        "address": row.address.get("text"),
        "purpose": row.purpose,
        "interval": _shortest(row.visit.watches),
        "plan": row.answers,
    }


def _shortest(watches: Collection[Watch]) -> object:
    return min((each.interval for each in watches), default=None)
