"""One look at what has come due, without a lock: most of the time it is nothing, and then nobody need write."""

import math
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ScalarSelect, Table, func, literal, select, union_all

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, ring
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.visits import watch

_MOMENTS = {"watches": (watch, "next_at"), "alerts": (alert, "due_now"), "rings": (ring, "next_at")}
_ALL: dict[str, tuple[Table, str]] = {**_MOMENTS, "debriefs": (debrief, "next_at")}


@dataclass(frozen=True, slots=True)
class Due:
    """Of which kinds something is due (`watches`, `alerts`, `rings`, `debriefs`), and seconds until the next is."""

    now: frozenset[str]
    next_in: float = math.inf


def _first(moment: Column[datetime]) -> ScalarSelect[datetime]:
    """From the index: asked whether any is due, PostgreSQL may look through all that are not."""
    return select(func.min(moment)).where(moment.is_not(None)).scalar_subquery()


_FIRST = Ready(
    union_all(
        *(
            select(literal(name).label("what"), _first(table.c[column]).label("at"))
            for name, (table, column) in _ALL.items()
        )
    )
)


async def due(tx: Tx) -> Due:
    """The first moment of each kind is here, or how far off it is."""
    waits = {row.what: (row.at - tx.now).total_seconds() for row in await tx.all(_FIRST) if row.at is not None}
    later = [wait for wait in waits.values() if wait > 0]
    return Due(frozenset(what for what, wait in waits.items() if wait <= 0), min(later, default=math.inf))
