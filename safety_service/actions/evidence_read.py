"""The evidence log to be read: one's own entries, one's teams' with their text, and all of the agency's without text.

What somebody is kept off is in none of it. P5: whoever is watched on a visit reads of the time since it began only
what they did themselves, on every day: a log that says less from the moment of duress would tell of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from safety_service.actions.access import LogView, log_view
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import beside, evidence, exclusions, roles
from safety_service.store.beside import Unclosed
from safety_service.store.database import Tx
from safety_service.store.evidence import About, Noted, Wanted
from safety_service.store.exclusions import KeptOff

PAGE = 50
#: Entries that are looked through at once, and by one page at most: a longer search goes on where it stopped.
STRETCH, LOOKED_AT = 120, 1_200
NEWEST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody looks for; empty means anything."""

    since: datetime | None = None
    until: datetime | None = None
    who: UUID | None = None
    verbs: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    before: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as its reader sees it; without text its details are not there."""

    noted: Noted
    about: About
    with_text: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A page of them, the newest first; `after`: where the next one begins; `names`: of whoever is named."""

    entries: list[Entry]
    after: UUID | None
    names: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class _Reader:
    actor: Actor
    kept_off: KeptOff
    #: Since when they are on a visit, or about to be.
    out_since: datetime | None
    #: Alerts that are not closed, about them, a visit of theirs or somebody beside them; and whom they concern.
    alerts: tuple[Unclosed, ...]
    concerned: frozenset[UUID]
    #: Whom they supervise now.
    supervised: frozenset[UUID]

    def sees(self, noted: Noted, about: About) -> LogView | None:
        """How they read this entry; None: not at all."""
        own = noted.actor_id == self.actor.person_id
        if not own and (self._kept_off(about) or self._hidden(noted, about)):
            return None
        for team_id in (*sorted(about.teams), None):
            try:
                view = log_view(self.actor, self.actor.agency_id, team_id, noted.actor_id)
            except NotFound:
                continue
            if view is LogView.WITH_TEXT:
                return LogView.SEALED if self._not_theirs(about) else view
        return LogView.SEALED if self.actor.is_any(Role.ADMINISTRATOR) else None

    def _kept_off(self, about: About) -> bool:
        barred = self.kept_off.from_matter(about.workers, about.family_id)
        return barred or about.not_for == self.actor.person_id

    def _not_theirs(self, about: About) -> bool:
        """What belongs into a supervision is the worker's, and of whoever supervises them now; nobody else's."""
        return about.private and about.workers.isdisjoint(self.supervised | {self.actor.person_id})

    def out(self, noted: Noted) -> bool:
        """Whether it was written since they are out."""
        return self.out_since is not None and noted.at >= self.out_since

    def _hidden(self, noted: Noted, about: About) -> bool:
        """P5: duress takes in what is missed, so that no alert of theirs is read of until it is closed."""
        if self.out(noted):
            return True
        # What those on the visit say themselves is the same on every day.
        by_others = noted.actor_id not in about.workers
        return any(
            noted.alert_id == each.id or (by_others and noted.at >= each.opened_at and self._concerns(each, about))
            for each in self.alerts
        )

    def _concerns(self, alert: Unclosed, about: About) -> bool:
        return not about.workers.isdisjoint(self.concerned) or about.family_id in {alert.family_id} - {None}


async def look(tx: Tx, actor: Actor, wanted: Search, limit: int = PAGE, most: int = LOOKED_AT) -> Found:
    """A page of the log. That it was read is kept. Raises Refused `not_your_role`: there is nothing in it for them."""
    reader = await _reader(tx, actor)
    asked = replace(_asked(actor, wanted), first=await _ends(tx, actor, wanted))
    before = await _begins(tx, actor, wanted)
    found, after = await _gather(tx, reader, asked, before, limit, most)
    people = await names(tx, actor)
    given = {"who": None if wanted.who is None else str(wanted.who), "found": len(found)}
    await keep(tx, actor, actor.agency_id, "read", subject="evidence", subject_id=None, **given)
    return Found(found, after, people)


async def names(tx: Tx, actor: Actor) -> dict[UUID, str]:
    """Whom the reader may look for: the people of their teams; for administrators all of the agency's."""
    teams = None if actor.is_any(Role.ADMINISTRATOR) else actor.roles.keys()
    kept_off = await exclusions.of_person(tx, actor.person_id)
    people = await evidence.people_of(tx, actor.agency_id, teams)
    return {each: name for each, name in people.items() if each not in kept_off.workers}


async def _reader(tx: Tx, actor: Actor) -> _Reader:
    if not actor.teams(Role.PRACTITIONER, Role.MANAGER, Role.ADMINISTRATOR):
        raise Refused("not_your_role")
    kept_off = await exclusions.of_person(tx, actor.person_id)
    there = await beside.of(tx, {actor.person_id})
    alerts = await beside.unclosed(tx, actor.person_id, there)
    return _Reader(
        actor=actor,
        kept_off=kept_off,
        out_since=await beside.since(tx, actor.person_id),
        alerts=tuple(alerts),
        concerned=there | {actor.person_id} | {each.worker_id for each in alerts if each.worker_id is not None},
        supervised=await roles.supervised_by(tx, actor.person_id),
    )


def _asked(actor: Actor, wanted: Search) -> Wanted:
    actors = None if wanted.who is None else frozenset({wanted.who})
    if not actor.teams(Role.MANAGER, Role.ADMINISTRATOR):
        # Their own is all that there is for them: nobody else's is looked through.
        actors = frozenset({actor.person_id}) if actors is None else actors & {actor.person_id}
    return Wanted(
        agency_id=actor.agency_id,
        since=wanted.since,
        until=wanted.until,
        actors=actors,
        verbs=wanted.verbs,
        subjects=wanted.subjects,
    )


async def _begins(tx: Tx, actor: Actor, wanted: Search) -> UUID:
    if wanted.before is not None:
        return wanted.before
    if wanted.until is None or wanted.until > tx.now:
        return NEWEST
    there = await evidence.around(tx, actor.agency_id, wanted.until)
    return NEWEST if there is None else there[1]


async def _ends(tx: Tx, actor: Actor, wanted: Search) -> UUID:
    there = None if wanted.since is None else await evidence.around(tx, actor.agency_id, wanted.since)
    return evidence.BEGINNING if there is None else there[0]


async def _gather(
    tx: Tx, reader: _Reader, asked: Wanted, before: UUID, limit: int, most: int
) -> tuple[list[Entry], UUID | None]:
    found: list[Entry] = []
    place: UUID | None = before
    looked = 0
    while place is not None and len(found) <= limit and looked < most:
        noted, place = await evidence.stretch(tx, asked, place, STRETCH)
        about = await evidence.about(tx, noted)
        seen = ((each, reader.sees(each, about[each.id])) for each in noted)
        found += [
            Entry(_unlinked(reader, each), about[each.id], view is LogView.WITH_TEXT)
            for each, view in seen
            if view is not None
        ]
        looked += STRETCH
    if len(found) > limit:
        return found[:limit], found[limit - 1].noted.id
    return found, place


def _unlinked(reader: _Reader, noted: Noted) -> Noted:
    """P5: the number of a link tells how much else was written."""
    return replace(noted, link=None, digest=None) if reader.out(noted) else noted
