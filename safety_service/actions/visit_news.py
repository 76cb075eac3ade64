"""What the workers of a visit hear when somebody else plans it for them, changes it, or sends somebody else."""

from collections.abc import Collection
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.telling import Priority, iso, tell
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow


async def planned(tx: Tx, actor: Actor, row: VisitRow, who: Collection[UUID] | None = None) -> None:
    """It is theirs from now on. `who`: only these of them."""
    await _tell(tx, actor, row, row.workers if who is None else who, "visit.planned")


async def changed(tx: Tx, actor: Actor, row: VisitRow, who: Collection[UUID]) -> None:
    """It is planned otherwise."""
    await _tell(tx, actor, row, who, "visit.changed")


async def taken_off(tx: Tx, actor: Actor, row: VisitRow, who: Collection[UUID]) -> None:
    """Somebody else goes: nobody waits for them there."""
    await _tell(tx, actor, row, who, "visit.taken_off")


async def _tell(tx: Tx, actor: Actor, row: VisitRow, who: Collection[UUID], template: str) -> None:
    others = frozenset(who) - {actor.person_id}
    params = {"ref": row.family_ref, "starts_at": iso(row.visit.starts_at), "by": actor.name}
    await tell(tx, others, template, params, priority=Priority.NEWS, visit_id=row.id)
