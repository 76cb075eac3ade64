"""What things look like over HTTP. Times are RFC 3339 with offset, durations whole seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from safety_service.actions.reading import Reached
from safety_service.store.alerts import AlertRow
from safety_service.store.visits import Decision, VisitRow

Names = Mapping[UUID, str]


def people_of_visits(rows: Iterable[VisitRow]) -> frozenset[UUID]:
    """Everyone whom these visits name."""
    return frozenset().union(*(row.workers for row in rows))


def people_of_alerts(rows: Iterable[AlertRow]) -> frozenset[UUID]:
    """Everyone whom these alerts name."""
    named = (person for row in rows for person in (row.alert.worker_id, row.alert.owner_id))
    return frozenset(person for person in named if person is not None)


def visit_shape(row: VisitRow, names: Names) -> dict[str, Any]:
    """A visit."""
    visit = row.visit
    intervals = [round(each.interval.total_seconds()) for each in visit.watches]
    return {
        "id": str(row.id),
        "family_ref": row.family_ref,
        "status": visit.status,
        "risk": {"level": visit.risk, "because": row.because},
        "purpose": row.purpose,
        "address": {name: row.address.get(name) for name in ("text", "latitude", "longitude")},
        "workers": [
            {
                "person_id": str(each.worker_id),
                "name": names.get(each.worker_id),
                "phase": each.phase,
                "due_at": time_or_none(each.due_at),
            }
            for each in visit.watches
        ],
        "starts_at": visit.starts_at.isoformat(),
        "ends_at": visit.ends_at.isoformat(),
        "check_in_every_s": min(intervals, default=None),
        "travel_s": round(visit.travel.total_seconds()),
        "plan": row.answers,
        "decision": None if row.decision is None else _decision_shape(row.decision),
        "plan_number": row.plan_number,
        "lacking": row.lacking,
        "outcome": visit.outcome,
        "removed": row.removed,
        "team_id": str(row.team_id),
        "version": row.version,
    }


def _decision_shape(made: Decision) -> dict[str, Any]:
    return {"kind": made.kind, "reason": made.reason, "by": str(made.by), "at": made.at.isoformat()}


def alert_shape(row: AlertRow, names: Names, told: Collection[Reached] = ()) -> dict[str, Any]:
    """An alert. In lists `told` is left empty."""
    alert, found = row.alert, row.alert.resolution
    return {
        "id": str(row.id),
        "number": alert.number,
        "kind": alert.kind,
        "state": alert.state,
        "visit_id": None if alert.visit_id is None else str(alert.visit_id),
        "worker": _person(alert.worker_id, names),
        "opened_at": alert.opened_at.isoformat(),
        "due_at": alert.due_at.isoformat(),
        "rung": alert.rung,
        "step": alert.step,
        "owner": _person(alert.owner_id, names),
        "told": [_told_shape(each) for each in told],
        "found": None if found is None else found.found,
        "known_by": None if found is None else found.known_by,
        "resolved_at": time_or_none(alert.resolved_at),
        "version": row.version,
    }


def _person(person_id: UUID | None, names: Names) -> dict[str, Any] | None:
    return None if person_id is None else {"id": str(person_id), "name": names.get(person_id)}


def _told_shape(each: Reached) -> dict[str, Any]:
    return {
        "person": {"id": str(each.person_id), "name": each.name},
        "channel": each.channel,
        "at": each.at.isoformat(),
        "reached": time_or_none(each.reached_at),
    }


def time_or_none(at: datetime | None) -> str | None:
    """A time, or null."""
    return None if at is None else at.isoformat()


def page_shape(items: list[dict[str, Any]], following: str | None) -> dict[str, Any]:
    """A page of a list."""
    return {"items": items, "next": following}
