"""The risk of a visit: the policy's lines, held against what is known of the family and said of the visit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import circle
from safety_service.domain.risk import Because, Fact, Planned, judge
from safety_service.domain.words import Risk
from safety_service.store import debrief_log, families
from safety_service.store.database import Tx


async def judged(
    tx: Tx,
    agency_id: UUID,
    family_id: UUID | None,
    *,
    answers: Mapping[str, Any],
    workers: frozenset[UUID],
    starts_at: datetime,
    ends_at: datetime,
    planner: str,
) -> tuple[Risk, tuple[Because, ...]]:
    """The level, with every true line. `planner`: whose name stands in a line that they raised."""
    zone = await circle.zone_of(tx, agency_id)
    planned = Planned(
        answers=answers,
        facts=[] if family_id is None else await _facts(tx, family_id, zone),
        workers=workers,
        starts_at=starts_at.astimezone(zone),
        ends_at=ends_at.astimezone(zone),
        family_known=family_id is not None and await families.known(tx, family_id),
        worker_name=planner,
    )
    return judge(planned, await tx.policy())


async def _facts(tx: Tx, family_id: UUID, zone: ZoneInfo) -> list[Fact]:
    """What is known of the family; a difficult debrief is part of its risk until somebody has reviewed it."""
    unread = [each.astimezone(zone).date() for each in await debrief_log.unreviewed(tx, family_id)]
    return [*await families.facts(tx, family_id), *(Fact("unreviewed_debrief", on) for on in unread)]
