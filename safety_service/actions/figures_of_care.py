"""What an agency can show of its duty of care for a period: by team, never by worker."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from config.policy import Policy
from safety_service.actions.actor import Actor
from safety_service.actions.exports import Scope, alerts_of, keep_export, scope_of
from safety_service.actions.table import Table
from safety_service.domain import care as figures
from safety_service.domain.care import Answered, Figure
from safety_service.store import care
from safety_service.store.care import AlertLine
from safety_service.store.database import Tx

COLUMNS = ("team", "about", "figure", "value", "unit")
NOTES = (
    "By team. There is no figure by worker, and none can be made from this: it is not for measuring people.",
    "Measures and training are as they stand when this was made; the rest is of the period.",
)


async def figures_of_care(tx: Tx, by: Actor | None, agency_id: UUID, since: datetime, until: datetime) -> Table:
    """Gather them, and keep that they were exported. Raises as `gathered` does."""
    table, scope = await gathered(tx, by, agency_id, since, until)
    await keep_export(tx, by, scope, "care", len(table.rows))
    return table


async def gathered(tx: Tx, by: Actor | None, agency_id: UUID, since: datetime, until: datetime) -> tuple[Table, Scope]:
    """The figures of each team that the reader manages or reviews. It only reads; whoever hands them out keeps that
    they were exported. Raises Refused `managers_only`, `period_wanted`.
    """
    scope = await scope_of(tx, by, agency_id, since, until)
    policy = await tx.policy()
    alerts = await alerts_of(tx, scope)
    rows = [
        {"team": name, "about": each.about, "figure": each.says, "value": _shown(each.value), "unit": each.unit}
        for team_id, name in scope.teams.items()
        for each in await _of_team(tx, scope, team_id, policy, alerts)
    ]
    return Table("Duty of care", COLUMNS, rows, NOTES), scope


async def _of_team(tx: Tx, scope: Scope, team_id: UUID, policy: Policy, alerts: Sequence[AlertLine]) -> list[Figure]:
    answered = [_answered(each) for each in alerts if each.team_id == team_id]
    visits = await care.visits(tx, [team_id], scope.since, scope.until)
    debriefs = await care.debriefs(tx, [team_id], scope.since, scope.until)
    measures = await care.measures(tx, [team_id])
    return [
        *figures.of_visits({status: count for (_, status), count in visits.items()}),
        *figures.of_alerts(answered),
        *figures.of_debriefs((state, review, count) for _, state, review, count in debriefs),
        *figures.of_measures({state: count for (_, state), count in measures.items()}),
        *await _training(tx, team_id, policy),
    ]


async def _training(tx: Tx, team_id: UUID, policy: Policy) -> list[Figure]:
    found: list[Figure] = []
    for code, each in policy.training.codes.items():
        since = None if each.valid is None else (tx.now - each.valid).date()
        everybody, trained = await care.trained(tx, team_id, code, since)
        found += figures.of_training(each.says, everybody, trained)
    return found


def _answered(each: AlertLine) -> Answered:
    after = None if each.taken_at is None else each.taken_at - each.opened_at
    return Answered(each.kind, after, each.found)


def _shown(value: float | None) -> float | str:
    return "" if value is None else round(value)
