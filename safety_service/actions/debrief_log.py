"""The debrief log: listed, searched and read by team and role. Each look is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from safety_service.actions import matters, ties
from safety_service.actions.access import DebriefView, Matter, debrief_view
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.reading import Page
from safety_service.domain import search
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Role
from safety_service.store import beside as beside_now
from safety_service.store import (
    circles,
    day_sums,
    debrief_log,
    debrief_trends,
    exclusions,
    families,
    people,
    reviews,
    visits,
)
from safety_service.store.database import Tx
from safety_service.store.debrief_log import Logged, Said, WantedDebriefs

PAGE = 50
#: How many sealed texts one search opens; a longer one goes on where it stopped.
OPENED = 2_000
BATCH = 200
#: A figure of fewer people who go on visits would be one of them.
TOGETHER = 2
READERS = (Role.MANAGER, Role.REVIEWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody looks for; None means any. `text`: words that are all in it, whatever their endings."""

    team_id: UUID | None = None
    family_ref: str = ""
    worker_id: UUID | None = None
    behaviour: str | None = None
    severities: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    reviewed: bool | None = None
    text: str = ""
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One debrief as its reader sees it. `private` is None where part E is not theirs to see."""

    logged: Logged
    answers: Mapping[str, Any]
    private: Mapping[str, Any] | None
    #: What the system saw of the visit by itself.
    signals: Sequence[Mapping[str, Any]]
    addenda: tuple[Said, ...]
    comments: tuple[Said, ...]
    review_note: str | None
    #: The reader may review it, once it is submitted.
    may_review: bool


async def look(tx: Tx, actor: Actor, wanted: Search, limit: int = PAGE) -> Page[Logged]:
    """A page of the log, newest first; the first page begins with those of which only the first part is given.

    Raises Refused `words_wanted` for a text without a word to look for.
    """
    words = search.words(wanted.text)
    if wanted.text.strip() and not words:
        raise Refused("words_wanted")
    narrowed = await narrowed_to(tx, actor, wanted, words)
    if narrowed is None:
        return Page([], None)
    if words:
        page = await _found(tx, narrowed, words, limit)
    else:
        page = _page(await debrief_log.listed(tx, narrowed, limit + 1), limit)
    if wanted.before is None:
        begun = await holding(tx, await debrief_log.begun(tx, narrowed, PAGE), words)
        page = Page([*begun, *page.rows], page.after)
    given = {"found": len(page.rows), **asked_for(wanted)}
    await keep(tx, actor, actor.agency_id, "searched", subject="debrief_log", subject_id=None, **given)
    return page


async def beside(tx: Tx, actor: Actor, wanted: Search, logged: Logged) -> tuple[UUID | None, UUID | None]:
    """Of what is looked for the next newer one and the next older one; None: there is none, or none near.

    A draft stands before the newest. Nothing is read by it, so nothing is kept.
    """
    words = search.words(wanted.text)
    narrowed = await narrowed_to(tx, actor, replace(wanted, before=None), words)
    if narrowed is None:
        return None, None
    here = None if logged.submitted_at is None else _place(logged)
    older = await _nearest(tx, replace(narrowed, before=here), words)
    newer = None if here is None else await _nearest(tx, replace(narrowed, after=here), words)
    return newer, older


async def _nearest(tx: Tx, wanted: WantedDebriefs, words: frozenset[str]) -> UUID | None:
    candidates = await debrief_log.listed(tx, wanted, BATCH if words else 1)
    found = await holding(tx, candidates, words)
    return found[0].id if found else None


async def read(tx: Tx, actor: Actor, debrief_id: UUID) -> Reading:
    """One debrief; that it was read is kept. Raises NotFound."""
    logged, matter, view = await may_read(tx, actor, debrief_id)
    private = await debrief_log.private_of(tx, debrief_id) if view is DebriefView.WHOLE else None
    own = actor.person_id in matter.workers
    there = await beside_now.of(tx, {actor.person_id})
    # Their own telling stays theirs; what others made of it since is not.
    kept_off = actor.person_id in matter.excluded
    reads = bool({logged.team_id} & actor.teams(*READERS))
    reading = Reading(
        logged=logged,
        answers=(await debrief_log.answers_of(tx, [debrief_id]))[debrief_id],
        private=private,
        signals=_shown(await debrief_log.signals_of(tx, debrief_id), quiet=own or not there.isdisjoint(matter.workers)),
        addenda=tuple((await debrief_log.addenda_of(tx, [debrief_id]))[debrief_id]),
        comments=() if kept_off else tuple((await debrief_log.comments_of(tx, [debrief_id]))[debrief_id]),
        review_note=None if kept_off else await reviews.note_of(tx, debrief_id),
        may_review=reads and not own and logged.state == "submitted",
    )
    await keep(
        tx, actor, actor.agency_id, "read", subject="debrief", subject_id=debrief_id, whole=view is DebriefView.WHOLE
    )
    return reading


def _shown(signals: Sequence[Mapping[str, Any]], *, quiet: bool) -> list[Mapping[str, Any]]:
    """P5: nothing that duress caused reaches whose visit it was, nor whoever is beside them on another now."""
    return [each for each in signals if not quiet or each.get("alert") != Kind.DURESS]


async def may_read(tx: Tx, actor: Actor, debrief_id: UUID) -> tuple[Logged, Matter, DebriefView]:
    """The debrief, whose it is, and how much of it the actor may see. Raises NotFound.

    A draft is its worker's own until its first part is given; until it is submitted its part E is nobody else's. One
    that waits for a review is whoever may review it's to read; else a reviewer says why they open the family: Refused
    `reason_for_opening`.
    """
    logged = await debrief_log.load(tx, debrief_id)
    row = None if logged is None else await visits.load(tx, logged.visit_id)
    if logged is None or row is None:
        raise NotFound
    matter = await matters.of_visit(tx, row)
    worker = await people.get(tx, logged.worker_id)
    view = debrief_view(actor, matter, logged.worker_id, worker.supervisor_id)
    if logged.state == "draft" and actor.person_id != logged.worker_id:
        if logged.first_part_at is None:
            raise NotFound
        view = DebriefView.WITHOUT_PRIVATE
    if actor.person_id != logged.worker_id and not to_review(actor, logged):
        teams, _ = await circles.of_family(tx, logged.family_id)
        await ties.must_have(tx, actor, logged.family_id, {*teams, logged.team_id})
    return logged, matter, view


def to_review(actor: Actor, logged: Logged) -> bool:
    """Whether it waits for somebody to read it, or is theirs who did: that is a reader's duty, and needs no reason."""
    return logged.state == "draft" or logged.review == "wanted" or logged.reviewed_by == actor.person_id


async def trends(tx: Tx, actor: Actor, since: date, until: date) -> list[tuple[UUID, str, str, int]]:
    """How often each behaviour was met in the actor's teams: (team, month, kind, count).

    Never by worker: a team in which one goes alone has no figure.
    """
    theirs = actor.teams(*READERS)
    if not theirs:
        raise Refused("managers_only")
    teams = {each for each, there in (await day_sums.visiting(tx, theirs)).items() if len(there) >= TOGETHER}
    kept_off = await exclusions.of_person(tx, actor.person_id)
    found = await debrief_trends.trends(tx, teams, kept_off, since, until)
    await keep(tx, actor, actor.agency_id, "read", subject="trends", subject_id=None, months=f"{since} to {until}")
    return found


async def narrowed_to(tx: Tx, actor: Actor, wanted: Search, words: frozenset[str]) -> WantedDebriefs | None:
    """What is looked for, within what the actor may see. None: nothing can be found."""
    family_id = None
    if wanted.family_ref:
        family_id = await families.by_ref(tx, actor.agency_id, families.tidy_ref(wanted.family_ref))
        if family_id is None:
            return None
    teams, kept_off = actor.teams(*READERS), await exclusions.of_person(tx, actor.person_id)
    elsewhere = actor.teams(Role.PRACTITIONER) - teams
    hidden = kept_off.families or kept_off.workers
    narrowed = WantedDebriefs(
        agency_id=actor.agency_id,
        teams=teams,
        # Within a team that they read, their own are among the team's: the index of the team then serves alone.
        own=actor.person_id if elsewhere or hidden or not teams else None,
        kept_off=kept_off,
        team_id=wanted.team_id,
        family_id=family_id,
        worker_id=wanted.worker_id,
        behaviour=wanted.behaviour,
        severities=wanted.severities,
        since=wanted.since,
        until=wanted.until,
        reviewed=wanted.reviewed,
        words=words,
        before=wanted.before,
    )
    known = wanted.behaviour in (await tx.guidance(actor.agency_id)).guidance.behaviours
    return replace(narrowed, rare=known and await debrief_log.seldom(tx, narrowed))


async def _found(tx: Tx, wanted: WantedDebriefs, words: frozenset[str], limit: int) -> Page[Logged]:
    """Candidates by their buckets, opened and read again in the clear, until the page is full."""
    found: list[Logged] = []
    opened = 0
    batch = 2 * limit  # A word that most hold fills the page at once.
    while len(found) <= limit and opened < OPENED:
        candidates = await debrief_log.listed(tx, wanted, batch)
        found += await holding(tx, candidates, words)
        opened += len(candidates)
        if len(candidates) < batch:
            return _page(found, limit)
        batch = BATCH
        wanted = replace(wanted, before=_place(candidates[-1]))
    return _page(found, limit) if len(found) > limit else Page(found, wanted.before)


async def holding(tx: Tx, rows: list[Logged], words: frozenset[str]) -> list[Logged]:
    """Those of these that hold every word."""
    if not words or not rows:
        return rows
    ids = [each.id for each in rows]
    answers, addenda = await debrief_log.answers_of(tx, ids), await debrief_log.addenda_of(tx, ids)
    return [
        each
        for each in rows
        if search.holds(words, [*search.texts_of(answers[each.id]), *(added.text for added in addenda[each.id])])
    ]


def _page(rows: list[Logged], limit: int) -> Page[Logged]:
    return Page(rows[:limit], _place(rows[limit - 1]) if len(rows) > limit else None)


def _place(row: Logged) -> tuple[datetime, UUID]:
    assert row.submitted_at is not None
    return row.submitted_at, row.id


def asked_for(wanted: Search) -> dict[str, str]:
    """What was looked for, as the evidence log keeps it."""
    asked = {
        "family": wanted.family_ref,
        "worker": None if wanted.worker_id is None else str(wanted.worker_id),
        "behaviour": wanted.behaviour,
        "text": wanted.text,
    }
    return {name: value for name, value in asked.items() if value}
