"""Daily sums: how much of each figure there was in a team on a day. They follow from other rows, and count nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select

from safety_service.domain.canary import TEAM as CANARY
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.tables.learning import day_sum
from safety_service.store.tables.people import agency, membership, person, team

Counts = Mapping[str, int]


async def put(tx: Tx, team_id: UUID, on: date, counts: Counts) -> None:
    """These are that day's figures, whatever was there before."""
    await tx.conn.execute(delete(day_sum).where(day_sum.c.team_id == team_id, day_sum.c.on == on))
    week = on - timedelta(days=on.weekday())
    rows = [
        {"team_id": team_id, "on": on, "week": week, "figure": figure, "count": count}
        for figure, count in sorted(counts.items())
        if count
    ]
    if rows:
        await tx.conn.execute(insert(day_sum), rows)


async def by_week(tx: Tx, teams: Collection[UUID], since: date, until: date) -> list[tuple[date, str, int]]:
    """The figures of these teams together: (Monday, figure, count). `until` is the first day that no longer counts."""
    columns = day_sum.c.week, day_sum.c.figure
    query = select(*columns, func.sum(day_sum.c["count"])).where(*_there(teams, since, until)).group_by(*columns)
    return [(week, figure, int(count)) for week, figure, count in await tx.conn.execute(query)]


async def by_team(tx: Tx, teams: Collection[UUID], since: date, until: date) -> list[tuple[UUID, str, int]]:
    """The figures of each of these teams: (team, figure, count)."""
    columns = day_sum.c.team_id, day_sum.c.figure
    query = select(*columns, func.sum(day_sum.c["count"])).where(*_there(teams, since, until)).group_by(*columns)
    return [(team_id, figure, int(count)) for team_id, figure, count in await tx.conn.execute(query)]


async def visiting(tx: Tx, teams: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Who goes on visits in each of these teams: so that no figure is of one of them alone."""
    joined = membership.join(person, person.c.id == membership.c.person_id)
    goes = membership.c.role == Role.PRACTITIONER, person.c.active
    query = select(membership.c.team_id, membership.c.person_id).select_from(joined)
    found: dict[UUID, set[UUID]] = {each: set() for each in teams}
    for team_id, person_id in await tx.conn.execute(query.where(membership.c.team_id.in_(tuple(teams)), *goes)):
        found[team_id].add(person_id)
    return {team_id: frozenset(people) for team_id, people in found.items()}


async def zones(tx: Tx) -> dict[UUID, str]:
    """Where the days of each team are."""
    query = select(team.c.id, agency.c.timezone).select_from(team.join(agency, agency.c.id == team.c.agency_id))
    query = query.where(team.c.id != CANARY)
    return {row.id: row.timezone for row in await tx.conn.execute(query)}


def _there(teams: Collection[UUID], since: date, until: date) -> tuple[ColumnElement[bool], ...]:
    return day_sum.c.team_id.in_(tuple(teams)), day_sum.c.on >= since, day_sum.c.on < until
