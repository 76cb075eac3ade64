"""What people may read: visits, alerts, the board, a worker's own day. What one may not know of is not found."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import matters
from safety_service.actions.access import may_see_alert, may_see_visit
from safety_service.actions.actor import Actor
from safety_service.actions.alarm import alarm_params
from safety_service.actions.alerts import scene_of
from safety_service.actions.errors import NotFound
from safety_service.domain.watch import Watch
from safety_service.domain.words import Kind, Phase, Role, State
from safety_service.store import agencies, alerts, beside, events, exclusions, outbox, people, visits
from safety_service.store.alerts import AlertRow, WantedAlerts
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow, Wanted

PAGE = 50


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a list; `after` is where the next one begins, None on the last."""

    rows: list[Row]
    after: tuple[datetime, UUID] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One watched worker on the board. `alerts` is None where the reader may not know of them."""

    visit: VisitRow
    watch: Watch
    worker: str
    alerts: tuple[AlertRow, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Somebody who was told of an alert: by which channel, when, and when they were reached (None: not yet).

    `channel` is None for somebody on the rung who has no way to be reached.
    """

    person_id: UUID
    name: str
    channel: str | None
    at: datetime
    reached_at: datetime | None


async def visit(tx: Tx, actor: Actor, visit_id: UUID) -> VisitRow:
    """One visit, to be read. Raises NotFound."""
    row = (await visits.opened(tx, [visit_id])).get(visit_id)
    if row is None:
        raise NotFound
    may_see_visit(actor, await matters.of_visit(tx, row))
    if actor.person_id not in row.workers:
        await _log_read(tx, actor, "visit", row.id, row.id, None)
    elif actor.person_id in await exclusions.excluded(tx, None, row.family_id):
        # Kept off since it was planned: they are watched as anybody is, and read nothing of the family's risk and plan.
        return replace(row, because=[], lacking=[])
    return row


async def visits_of(tx: Tx, actor: Actor, wanted: Wanted, limit: int = PAGE) -> Page[VisitRow]:
    """Visits that the reader may see, narrowed as wanted: their own, and those of the teams that they read."""
    teams = actor.teams(Role.MANAGER, Role.REVIEWER)
    if wanted.teams is not None:
        teams = teams & frozenset(wanted.teams)
        mine = wanted.worker_id
    else:
        mine = wanted.worker_id or actor.person_id
    narrowed = replace(wanted, agency_id=actor.agency_id, teams=teams, worker_id=mine)
    if not teams:
        narrowed = replace(narrowed, teams=None, worker_id=actor.person_id)
    rows = await visits.listed(tx, narrowed, limit + 1)
    after = (rows[limit - 1].visit.starts_at, rows[limit - 1].id) if len(rows) > limit else None
    kept_off = await exclusions.of_person(tx, actor.person_id)
    seen = [each for each in rows[:limit] if not kept_off.from_matter(each.workers, each.family_id)]
    return Page([each for each in seen if wanted.teams is None or each.team_id in wanted.teams], after)


async def today(tx: Tx, actor: Actor) -> list[VisitRow]:
    """The reader's own visits of this local day, and any that is still being watched."""
    agency = await agencies.get(tx, actor.agency_id)
    midnight = tx.now.astimezone(ZoneInfo(agency.timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    day = Wanted(
        agency_id=actor.agency_id,
        worker_id=actor.person_id,
        since=midnight,
        until=midnight + timedelta(days=1),
        newest_first=False,
    )
    rows = {each.id: each for each in await visits.live_of_worker(tx, actor.person_id)}
    rows = {each: row for each, row in rows.items() if row.visit.starts_at < midnight + timedelta(days=1)}
    rows.update({each.id: each for each in await visits.listed(tx, day, PAGE)})
    return sorted(rows.values(), key=lambda each: each.visit.starts_at)


async def alert(tx: Tx, actor: Actor, alert_id: UUID) -> AlertRow:
    """One alert. Raises NotFound."""
    row = await alerts.load(tx, alert_id)
    if row is None:
        raise NotFound
    scene = await scene_of(tx, row)
    may_see_alert(actor, await matters.of_alert(tx, row, scene))
    await _log_read(tx, actor, "alert", row.id, row.alert.visit_id, row.id)
    return row


async def _log_read(
    tx: Tx, actor: Actor, subject: str, subject_id: UUID, visit_id: UUID | None, alert_id: UUID | None
) -> None:
    await events.log(
        tx,
        agency_id=actor.agency_id,
        actor_id=actor.person_id,
        verb="read",
        subject=subject,
        subject_id=subject_id,
        visit_id=visit_id,
        alert_id=alert_id,
        details={"via": actor.via},
    )


async def alarm_of(tx: Tx, actor: Actor, alert_id: UUID) -> dict[str, object]:
    """All that the alarm says now, as its template's params. Raises NotFound."""
    row = await alert(tx, actor, alert_id)
    return await alarm_params(tx, row, await scene_of(tx, row), actor.person_id)


async def reach(tx: Tx, row: AlertRow) -> list[Reached]:
    """Who was told of an alert that the reader may see, by channel."""
    sent = await outbox.reach_of(tx, row.id)
    told = await alerts.who_was_told(tx, row.id)
    names = await people.many(tx, {each.person_id for each in (*sent, *told)})
    tried = {each.person_id for each in sent}
    ways = [(each.person_id, each.channel, each.created_at, each.reached_at) for each in sent]
    none = [(each.person_id, None, each.at, None) for each in told if each.person_id not in tried]
    return [
        Reached(person_id=who, name=names[who].name, channel=channel, at=at, reached_at=reached_at)
        for who, channel, at, reached_at in sorted((*ways, *none), key=lambda way: way[2])
    ]


async def alerts_of(
    tx: Tx,
    actor: Actor,
    *,
    open_only: bool = False,
    states: frozenset[State] = frozenset(),
    before: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> Page[AlertRow]:
    """Alerts that the reader may handle, newest first: of the teams they manage, and those they were told of."""
    wanted = WantedAlerts(
        agency_id=actor.agency_id,
        teams=actor.teams(Role.MANAGER),
        told_to=actor.person_id,
        open_only=open_only,
        states=states,
        before=before,
    )
    rows = await alerts.listed(tx, wanted, limit + 1)
    after = (rows[limit - 1].alert.opened_at, rows[limit - 1].id) if len(rows) > limit else None
    rows = [each for each in rows[:limit] if each.alert.worker_id != actor.person_id]
    kept_off = await exclusions.of_person(tx, actor.person_id)
    about = await visits.opened(tx, {each.alert.visit_id for each in rows if each.alert.visit_id is not None})
    there = await beside.of(tx, {actor.person_id})
    rows = [each for each in rows if not _beside(actor, there, each, about)]
    return Page([each for each in rows if not _kept_off(kept_off, each, about)], after)


def _beside(actor: Actor, there: frozenset[UUID], row: AlertRow, about: dict[UUID, VisitRow]) -> bool:
    """Whether the reader is on a visit with somebody whose duress is open: it must not be on their screen (P5).

    Nor is anything else that is open on a visit on which they are watched: duress takes in what is missed, and a miss
    that is shown on every other day would tell by not being there.
    """
    visit_row = None if row.alert.visit_id is None else about.get(row.alert.visit_id)
    hidden = row.alert.kind is Kind.DURESS and row.alert.open
    watches = () if visit_row is None else visit_row.visit.watches
    mine = [each for each in watches if each.worker_id == actor.person_id]
    if row.alert.open and any(each.live for each in mine):
        return True
    return hidden and (bool(mine) or row.alert.worker_id in there)


def _kept_off(kept_off: exclusions.KeptOff, row: AlertRow, about: dict[UUID, VisitRow]) -> bool:
    visit_row = None if row.alert.visit_id is None else about.get(row.alert.visit_id)
    workers = frozenset() if row.alert.worker_id is None else frozenset({row.alert.worker_id})
    if visit_row is None:
        return kept_off.from_matter(workers, None)
    return kept_off.from_matter(workers | visit_row.workers, visit_row.family_id)


async def board(tx: Tx, actor: Actor, limit: int = 500) -> list[BoardRow]:
    """Everyone being watched in the reader's teams, most urgent first. Alerts only for those who manage the team."""
    teams = actor.teams(Role.MANAGER, Role.PRACTITIONER)
    if not teams:
        return []
    wanted = Wanted(agency_id=actor.agency_id, teams=teams, live=True)
    rows = await visits.listed(tx, wanted, limit)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    rows = [each for each in rows if not kept_off.from_matter(each.workers, each.family_id)]
    open_alerts = await alerts.open_of_visits(tx, {each.id for each in rows})
    there = await beside.of(tx, {actor.person_id})
    # P5: nothing of duress in the chat of somebody who is beside the worker, on whatever visit.
    found = [each for each in open_alerts if each.alert.kind is not Kind.DURESS or each.alert.worker_id not in there]
    names = await people.even_unread(tx, {worker for each in rows for worker in each.workers})
    lines = [
        BoardRow(
            visit=row,
            watch=watch,
            worker=names[watch.worker_id].name,
            alerts=_alerts_for(actor, row, watch, found),
        )
        for row in rows
        for watch in row.visit.watches
        if watch.phase is not Phase.DONE
    ]
    return sorted(lines, key=_urgency)


def _alerts_for(actor: Actor, row: VisitRow, watch: Watch, found: list[AlertRow]) -> tuple[AlertRow, ...] | None:
    if not actor.is_(Role.MANAGER, row.team_id) or actor.person_id in row.workers:
        return None
    return tuple(each for each in found if each.alert.visit_id == row.id and each.alert.worker_id == watch.worker_id)


def _urgency(line: BoardRow) -> tuple[bool, float]:
    due_at = line.watch.due_at
    return (not line.alerts, 0.0 if due_at is None else due_at.timestamp())
