"""One look at what has come due, without a lock: most of the time it is nothing, and then nobody need write."""

from datetime import datetime

from sqlalchemy import Column, ScalarSelect, Table, bindparam, func, literal, select, union_all

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, ring
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.visits import watch

_MOMENTS = {"watches": (watch, "next_at"), "alerts": (alert, "due_now"), "rings": (ring, "next_at")}
_ALL: dict[str, tuple[Table, str]] = {**_MOMENTS, "debriefs": (debrief, "next_at")}


def _first(moment: Column[datetime]) -> ScalarSelect[datetime]:
    """The first of them, from the index: asked whether any is due, PostgreSQL may look through all that are not."""
    return select(func.min(moment)).where(moment.is_not(None)).scalar_subquery()


_DUE = Ready(
    union_all(
        *(
            select(literal(name).label("what")).where(_first(table.c[column]) <= bindparam("now"))
            for name, (table, column) in _ALL.items()
        )
    )
)


async def due(tx: Tx) -> frozenset[str]:
    """Of which kinds something is due: `watches`, `alerts`, `rings`, `debriefs`."""
    return frozenset(await tx.scalars(_DUE, now=tx.now))
