"""Posts that somebody was asked to take over, and has not taken yet."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from safety_service.domain.duty import Shift
from safety_service.store.database import Tx
from safety_service.store.tables.people import person, rota


async def of(
    tx: Tx, starts_at: datetime, ends_at: datetime, *, teams: Iterable[UUID] = (), person_id: UUID | None = None
) -> list[Shift]:
    """Offers of these teams, and to this person, that would run between two moments; the earliest first."""
    query = (
        select(rota)
        .join(person, person.c.id == rota.c.person_id)
        .where(
            person.c.active,
            rota.c.offered.is_(True),
            rota.c.starts_at < ends_at,
            rota.c.ends_at > starts_at,
            or_(rota.c.team_id.in_(tuple(teams)), rota.c.person_id == person_id),
        )
        .order_by(rota.c.starts_at, rota.c.id)
    )
    return [
        Shift(
            id=row.id,
            team_id=row.team_id,
            post=row.post,
            person_id=row.person_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            covers_id=row.covers_id,
        )
        for row in await tx.conn.execute(query)
    ]
