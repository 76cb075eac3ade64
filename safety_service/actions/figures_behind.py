"""The records behind a figure, the newest first, without whom they are about: each is opened by itself, if one may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import summing
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.reading import Page
from safety_service.actions.team_figures import LONGEST, Period, Scope, scope_of
from safety_service.domain import counting
from safety_service.store import day_counts, day_decisions
from safety_service.store.database import Tx
from safety_service.store.day_counts import Only

PAGE = 50
#: Records that one page looks through; a longer search goes on where it stopped.
LOOKED_AT = 1_000
#: The first stretch of time that is looked through; each next one is twice as long.
FIRST = timedelta(days=1)
LAST_ID = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`what`: `alert`, `debrief`, `visit`, `untold`, `measure`; `key`: its kind; `ref`: its family, if it is of one."""

    id: UUID
    what: str
    at: datetime
    key: str = ""
    number: int = 0
    found: str = ""
    after: timedelta | None = None
    ref: str = ""


Rows = Callable[[Tx, Scope, Only, str], Awaitable[tuple[int, list[Record]]]]


async def behind(
    tx: Tx, actor: Actor, figure: str, period: Period, before: tuple[datetime, UUID] | None = None
) -> Page[Record]:
    """A page of them. Raises NotFound: no such figure; Refused `managers_only`, `period_wanted`."""
    rows = _rows(figure)
    if figure == counting.UNFINISHED:
        # What is not given now is of no time: however long ago it was wanted.
        period = replace(period, since=tx.now.date() - LONGEST, until=tx.now.date())
    scope = await scope_of(tx, actor, period)
    place = (scope.until, UUID(int=0)) if before is None else min(before, (scope.until, UUID(int=0)))
    page = await _page(tx, rows, figure, scope, place)
    asked = {"figure": figure, "period": f"{period.since} to {period.until}", "found": len(page.rows)}
    await keep(tx, actor, actor.agency_id, "read", subject="figures", subject_id=None, **asked)
    return page


async def _page(tx: Tx, rows: Rows, figure: str, scope: Scope, place: tuple[datetime, UUID]) -> Page[Record]:
    found: list[Record] = []
    looked, span = 0, FIRST
    # What is of exactly that moment comes again, and is left out by its id.
    until = place[0] + timedelta(microseconds=1)
    while until > scope.since and len(found) <= PAGE and looked < LOOKED_AT:
        since = max(scope.since, until - span)
        there = replace(scope, since=since, until=until)
        seen, some = await rows(tx, there, None, figure)
        gone = await _kept_from(tx, rows, figure, there)
        fit = [each for each in some if each.id not in gone and (each.at, each.id) < place]
        found += sorted(fit, key=lambda each: (each.at, each.id), reverse=True)
        looked, until, span = looked + seen, since, span * 2
    if len(found) > PAGE:
        return Page(found[:PAGE], (found[PAGE - 1].at, found[PAGE - 1].id))
    # Nothing of that very moment was looked at yet.
    return Page(found, (until - timedelta(microseconds=1), LAST_ID) if until > scope.since else None)


async def _kept_from(tx: Tx, rows: Rows, figure: str, scope: Scope) -> frozenset[UUID]:
    if not scope.kept_off.families and not scope.kept_off.workers:
        return frozenset()
    return frozenset(each.id for each in (await rows(tx, scope, scope.kept_off, figure))[1])


def _rows(figure: str) -> Rows:
    what = figure.partition(":")[0]
    if what not in _MADE:
        raise NotFound
    return _MADE[what]


async def _alerts(tx: Tx, scope: Scope, only: Only, figure: str) -> tuple[int, list[Record]]:
    rows = await day_counts.alerts(tx, scope.teams, scope.since, scope.until, only)
    return len(rows), [
        Record(
            id=each.id,
            what="alert",
            at=each.opened_at,
            key=each.kind,
            number=each.number,
            found=each.found or "",
            after=None if each.taken_at is None else each.taken_at - each.opened_at,
        )
        for each in rows
        if counting.among(figure, tuple(summing.figures_of(each)))
    ]


async def _debriefs(tx: Tx, scope: Scope, only: Only, figure: str) -> tuple[int, list[Record]]:
    reviewed = figure != counting.GIVEN_IN_TIME
    rows = await day_counts.debriefs(tx, scope.teams, scope.since, scope.until, only, to_review=reviewed)
    within = (await tx.policy()).debrief.review_within
    return len(rows), [
        Record(id=each.id, what="debrief", at=each.submitted_at, key=each.severity)
        for each in rows
        if figure in summing.figures_of_debrief(each, within)
    ]


async def _asked(tx: Tx, scope: Scope, only: Only, _figure: str) -> tuple[int, list[Record]]:
    rows = await day_counts.asked_again(tx, scope.teams, scope.since, scope.until, only)
    return len(rows), [Record(id=each.visit_id, what="visit", at=each.at) for each in rows]


async def _unfinished(tx: Tx, scope: Scope, only: Only, _figure: str) -> tuple[int, list[Record]]:
    until = min(scope.until, tx.now - counting.SOON)
    rows = await day_counts.unfinished_of(tx, scope.teams, scope.since, until, only)
    return len(rows), [Record(id=each.visit_id, what="untold", at=each.at) for each in rows]


async def _decisions(tx: Tx, scope: Scope, only: Only, figure: str) -> tuple[int, list[Record]]:
    rows = await day_decisions.decisions(tx, scope.teams, scope.since, scope.until, only)
    wanted = [each for each in rows if counting.decided(each.kind) == figure]
    if figure in (counting.HELD, counting.RECURRED):
        wanted = [each for each in rows if each.kind in summing.IN_FORCE]
    if figure == counting.RECURRED:
        wanted = [each for each in wanted if await summing.recurred(tx, each)]
    return len(rows), _measures(wanted)


def _measures(made: Iterable[day_decisions.Made]) -> list[Record]:
    return [Record(id=each.id, what="measure", at=each.at, key=each.kind, ref=each.ref) for each in made]


_MADE: dict[str, Rows] = {
    **dict.fromkeys(("alert", "taken", "false"), _alerts),
    **dict.fromkeys((counting.GIVEN_IN_TIME, counting.TO_REVIEW, counting.REVIEWED_IN_TIME), _debriefs),
    counting.ASKED_AGAIN: _asked,
    counting.UNFINISHED: _unfinished,
    **dict.fromkeys(("decided", counting.HELD, counting.RECURRED), _decisions),
}
