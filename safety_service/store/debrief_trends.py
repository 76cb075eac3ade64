"""What teams met, month by month: counts of behaviours, never whose."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import func, not_, select

from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.tables.learning import debrief_behaviour


async def trends(
    tx: Tx, teams: Collection[UUID], kept_off: KeptOff, since: date, until: date
) -> list[tuple[UUID, str, str, int]]:
    """How often each behaviour was met: (team, month as YYYY-MM, kind, count). Never by worker."""
    year, month = func.extract("year", debrief_behaviour.c.on), func.extract("month", debrief_behaviour.c.on)
    met = debrief_behaviour.c
    query = (
        select(met.team_id, year, month, met.kind, func.count())
        .where(met.team_id.in_(tuple(teams)), met.on >= since, met.on < until)
        .where(not_(met.family_id.in_(tuple(kept_off.families))), not_(met.worker_id.in_(tuple(kept_off.workers))))
        .group_by(met.team_id, year, month, met.kind)
        .order_by(met.team_id, year, month, met.kind)
    )
    rows = (await tx.conn.execute(query)).all()
    return [
        (team, f"{int(of_year):04}-{int(of_month):02}", kind, count) for team, of_year, of_month, kind, count in rows
    ]
