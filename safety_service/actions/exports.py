"""What leaves the house for a meeting: debriefs, visits, alerts. Never part E, never whose visit it was.

A worker's name is in no export: what cannot be counted by person cannot rank people. Who wrote a debrief stands in the
log, one by one. Who exports is kept, with what and how much.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config.guidance import Guidance
from safety_service.actions import ties
from safety_service.actions.actor import Actor
from safety_service.actions.debrief_log import holding, to_review
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.table import Row, Table
from safety_service.domain.keeping import how_long
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Role, State
from safety_service.store import beside, care, debrief_log, exclusions, guidances, reviews, teams, visits
from safety_service.store.database import Tx
from safety_service.store.debrief_log import Logged, WantedDebriefs
from safety_service.store.exclusions import KeptOff
from safety_service.store.visits import VisitRow, Wanted

BATCH = 100
#: More rows than this are exported on the machine itself.
MOST = 5_000
LONGEST = timedelta(days=3660)
READERS = (Role.MANAGER, Role.REVIEWER)
#: Kept off nothing: the machine's own command line.
NOTHING = KeptOff(frozenset(), frozenset())
NO_WORKERS = "Whose visit it was is left out: these rows are not for measuring people."
NO_TEXT = "Of families that you have nothing to do with now there is no text: say why you open them, then export again."
NO_REFLECTIONS = "Reflections are for worker and supervisor, and in no export."

DEBRIEFS = (
    "id visited_at submitted_at team family severity behaviours happened account reasons circumstances could_not_check"
    " would_help added review reviewed_at review_note"
)
#: What is left out of families that the reader would be asked about.
TEXT = frozenset(
    "happened account reasons circumstances could_not_check would_help added review_note"
    " purpose decision_reason".split()
)
VISITS = "id starts_at ends_at team family purpose risk status outcome people decision decision_reason"
ALERTS = "number kind state opened_at taken_at seconds_to_taken resolved_at team family found known_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose rows, from when to when, and what is kept from the reader."""

    agency_id: UUID
    teams: Mapping[UUID, str]
    kept_off: KeptOff
    #: None: the machine's own command line.
    reader: Actor | None
    since: datetime
    until: datetime

    @property
    def reader_id(self) -> UUID | None:
        """Who reads it."""
        return None if self.reader is None else self.reader.person_id


async def export(tx: Tx, by: Actor | None, what: str, agency_id: UUID, since: datetime, until: datetime) -> Table:
    """Gather it, and keep that it was exported. Raises as `gathered` does."""
    table, scope = await gathered(tx, by, what, agency_id, since, until)
    await keep_export(tx, by, scope, what, len(table.rows))
    return table


async def gathered(
    tx: Tx, by: Actor | None, what: str, agency_id: UUID, since: datetime, until: datetime
) -> tuple[Table, Scope]:
    """`what` is `debriefs`, `visits` or `alerts`; `by` None: the machine's command line, for the whole agency.

    It only reads; whoever hands it out keeps that it was exported. Raises NotFound; Refused `managers_only`,
    `period_wanted`, `too_many_rows`.
    """
    if what not in _MADE:
        raise NotFound
    scope = await scope_of(tx, by, agency_id, since, until)
    return await _MADE[what](tx, scope), scope


async def scope_of(tx: Tx, by: Actor | None, agency_id: UUID, since: datetime, until: datetime) -> Scope:
    """The teams that they manage or review; on the machine itself all of the agency's."""
    if not since < until or until - since > LONGEST:
        raise Refused("period_wanted")
    if by is None:
        every = {each.id: each.name for each in await teams.every(tx, agency_id)}
        return Scope(agency_id=agency_id, teams=every, kept_off=NOTHING, reader=None, since=since, until=until)
    if by.agency_id != agency_id:
        raise NotFound
    theirs = by.teams(*READERS)
    if not theirs:
        raise Refused("managers_only")
    named = {each.id: each.name for each in (await teams.many(tx, theirs)).values()}
    kept_off = await exclusions.of_person(tx, by.person_id)
    return Scope(agency_id=agency_id, teams=named, kept_off=kept_off, reader=by, since=since, until=until)


async def keep_export(tx: Tx, by: Actor | None, scope: Scope, what: str, rows: int, **more: str) -> None:
    """That it was exported, by whom, and how much; `more`: of what was looked for."""
    period = {"since": scope.since.isoformat(), "until": scope.until.isoformat(), "rows": rows, **more}
    await keep(tx, by, scope.agency_id, "exported", subject=what, subject_id=None, **period)


async def _debriefs(tx: Tx, scope: Scope) -> Table:
    wanted = WantedDebriefs(
        agency_id=scope.agency_id,
        teams=tuple(scope.teams),
        kept_off=scope.kept_off,
        since=scope.since,
        until=scope.until,
    )
    return await debriefs_of(tx, scope, wanted)


async def debriefs_of(tx: Tx, scope: Scope, wanted: WantedDebriefs, words: frozenset[str] = frozenset()) -> Table:
    """Those of them that hold every word. Raises Refused `too_many_rows`."""
    rows, looked = list[Row](), 0
    while batch := await debrief_log.listed(tx, wanted, BATCH):
        rows += await _batch(tx, await holding(tx, batch, words), scope)
        looked += len(batch)
        _not_too_many(looked, scope)
        last = batch[-1]
        assert last.submitted_at is not None
        wanted = replace(wanted, before=(last.submitted_at, last.id))
    return Table("Debriefs", tuple(DEBRIEFS.split()), rows, (NO_WORKERS, NO_REFLECTIONS, *_left_out(scope)))


async def _batch(tx: Tx, batch: Sequence[Logged], scope: Scope) -> list[Row]:
    ids = [each.id for each in batch]
    answers, added = await debrief_log.answers_of(tx, ids), await debrief_log.addenda_of(tx, ids)
    notes = await reviews.notes_of(tx, [each.id for each in batch if each.reviewed_at])
    rows: list[Row] = []
    closed = await _closed(tx, scope, {each.family_id: each.team_id for each in batch})
    for each in batch:
        more = [said.text for said in added[each.id]]
        edition = await guidances.numbered(tx, each.guidance_edition)
        row = _debrief(each, answers[each.id], more, notes.get(each.id), edition.guidance, scope)
        theirs = scope.reader is not None and to_review(scope.reader, each)
        rows.append(_without_text(row) if each.family_id in closed and not theirs else row)
    return rows


async def _closed(tx: Tx, scope: Scope, families: Mapping[UUID, UUID]) -> frozenset[UUID]:
    """Families of which the reader would be asked why, before they read of them. `families`: with a team of theirs."""
    if scope.reader is None:
        return frozenset()
    managed = scope.reader.teams(Role.MANAGER)
    asked = [each for each, team_id in families.items() if team_id not in managed]
    return frozenset([each for each in asked if not await ties.lets(tx, scope.reader, each)])


def _without_text(row: Row) -> Row:
    return {name: "" if name in TEXT else value for name, value in row.items()}


def _left_out(scope: Scope) -> tuple[str, ...]:
    only_reviews = scope.reader is not None and not scope.teams.keys() <= scope.reader.teams(Role.MANAGER)
    return (NO_TEXT,) if only_reviews else ()


def _not_too_many(rows: int, scope: Scope) -> None:
    """While a service exports it watches people: what would take long is for the machine's own command line."""
    if scope.reader_id is not None and rows > MOST:
        raise Refused("too_many_rows", most=MOST)


def _debrief(
    each: Logged, answers: Mapping[str, Any], added: list[str], note: str | None, guidance: Guidance, scope: Scope
) -> Row:
    def said(section: str, keys: Any) -> str:
        return "; ".join(guidance.says(section, str(key)) for key in keys or ())

    return {
        "id": str(each.id),
        "visited_at": each.visited_at.isoformat(),
        "submitted_at": _time(each.submitted_at),
        "team": scope.teams[each.team_id],
        "family": each.ref,
        "severity": each.severity,
        "behaviours": said("behaviours", each.behaviours),
        "happened": str(answers.get("happened") or ""),
        "account": str(answers.get("account") or ""),
        "reasons": said("reasons", answers.get("reasons")),
        "circumstances": said("circumstances", answers.get("circumstances")),
        "could_not_check": said("areas", answers.get("areas")),
        "would_help": said("measures", answers.get("safer")),
        "added": "\n".join(added),
        "review": each.review or "",
        "reviewed_at": _time(each.reviewed_at),
        "review_note": note or "",
    }


async def _visits(tx: Tx, scope: Scope) -> Table:
    wanted = Wanted(
        agency_id=scope.agency_id,
        teams=tuple(scope.teams),
        since=scope.since,
        until=scope.until,
        newest_first=False,
    )
    rows: list[Row] = []
    while batch := await visits.listed(tx, wanted, BATCH):
        seen = [each for each in batch if not scope.kept_off.from_matter(each.workers, each.family_id)]
        closed = await _closed(tx, scope, {each.family_id: each.team_id for each in seen})
        made = ((each, _visit(each, scope)) for each in seen)
        rows += [_without_text(row) if each.family_id in closed else row for each, row in made]
        _not_too_many(len(rows), scope)
        wanted = replace(wanted, before=(batch[-1].visit.starts_at, batch[-1].id))
    lasts = how_long((await tx.policy()).retention.visits)
    removed = f"Purposes and reasons are removed after {lasts}."
    return Table("Visits", tuple(VISITS.split()), rows, (NO_WORKERS, removed, *_left_out(scope)))


def _visit(row: VisitRow, scope: Scope) -> Row:
    made = row.decision
    return {
        "id": str(row.id),
        "starts_at": row.visit.starts_at.isoformat(),
        "ends_at": row.visit.ends_at.isoformat(),
        "team": scope.teams[row.team_id],
        "family": row.family_ref,
        "purpose": row.purpose,
        "risk": str(row.visit.risk),
        "status": str(row.visit.status),
        "outcome": "" if row.visit.outcome is None else str(row.visit.outcome),
        "people": len(row.workers),
        "decision": "" if made is None else str(made.kind),
        "decision_reason": "" if made is None else made.reason,
    }


async def _alerts(tx: Tx, scope: Scope) -> Table:
    rows = [_alert(each, scope) for each in await alerts_of(tx, scope)]
    return Table("Alerts", tuple(ALERTS.split()), rows, (NO_WORKERS,))


async def alerts_of(tx: Tx, scope: Scope) -> list[care.AlertLine]:
    """The alerts of this scope, without those that the reader is kept off or may not learn of yet."""
    lines = await care.alerts(tx, tuple(scope.teams), scope.since, scope.until)
    _not_too_many(len(lines), scope)
    going = await care.workers_of(tx, {each.visit_id for each in lines if each.visit_id is not None})
    there = frozenset() if scope.reader_id is None else await beside.of(tx, {scope.reader_id})

    def about(each: care.AlertLine) -> frozenset[UUID]:
        own = frozenset() if each.worker_id is None else frozenset({each.worker_id})
        return own if each.visit_id is None else own | going[each.visit_id]

    return [
        each
        for each in lines
        if not scope.kept_off.from_matter(about(each), each.family_id) and not _hidden(each, about(each), scope, there)
    ]


def _hidden(each: care.AlertLine, about: frozenset[UUID], scope: Scope, there: frozenset[UUID]) -> bool:
    """P5: an open duress alert is not shown to whom it is about, nor beside them (`there`), on no way out."""
    theirs = scope.reader_id in about or each.worker_id in there
    return each.kind == Kind.DURESS and each.state != State.RESOLVED and theirs


def _alert(each: care.AlertLine, scope: Scope) -> Row:
    after = None if each.taken_at is None else round((each.taken_at - each.opened_at).total_seconds())
    return {
        "number": each.number,
        "kind": each.kind,
        "state": each.state,
        "opened_at": each.opened_at.isoformat(),
        "taken_at": _time(each.taken_at),
        "seconds_to_taken": "" if after is None else after,
        "resolved_at": _time(each.resolved_at),
        "team": scope.teams[each.team_id] if each.team_id is not None else "",
        "family": each.ref or "",
        "found": each.found or "",
        "known_by": each.known_by or "",
    }


def _time(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


_MADE: dict[str, Callable[[Tx, Scope], Awaitable[Table]]] = {
    "debriefs": _debriefs,
    "visits": _visits,
    "alerts": _alerts,
}
WHAT = tuple(_MADE)
