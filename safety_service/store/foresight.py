"""What passing many due moments at once will ask, asked of the database once for all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, or_, select

from safety_service.domain import duty
from safety_service.store import exclusions, hushed, kept_files, phrases, roles, rota, said
from safety_service.store.batch import Batch, by
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ready import Ready
from safety_service.store.tables.people import exclusion, person, phrase
from safety_service.store.tables.visits import kept_file
from safety_service.store.tables.visits import said as words
from safety_service.store.visits import VisitRow

#: What an alarm says of a worker's last words.
KINDS = ("begin", "battery")
_A_MOMENT = timedelta(microseconds=1)


async def of_scenes(tx: Batch, rows: Collection[VisitRow]) -> frozenset[UUID]:
    """Who stands on the rungs of these visits now, and who is kept off them. Gives everybody who stands there."""
    on: set[UUID] = set()
    teams = {each.team_id for each in rows}
    shifts = by(await rota.between(tx, teams, tx.now, tx.now + _A_MOMENT), "team_id")
    for team_id in teams:
        posts = duty.on_duty(shifts.get(team_id, []), tx.now)
        tx.foresee(rota.on_duty, team_id, tx.now, answer=posts)
        on.update(*posts.values())
    workers = {worker for row in rows for worker in row.workers}
    supervisor = {row.worker: row.id for row in await tx.all(_SUPERVISORS, workers=workers)}
    for row in rows:
        theirs = frozenset(supervisor[each] for each in row.workers if each in supervisor)
        tx.foresee(roles.supervisors_of, row.workers, answer=theirs)
        on |= theirs
    await _of_exclusions(tx, rows, workers)
    return frozenset(on)


async def _of_exclusions(tx: Batch, rows: Collection[VisitRow], workers: Collection[UUID]) -> None:
    found = await tx.all(_EXCLUSIONS, workers=workers, families={each.family_id for each in rows})
    of_worker, of_family = by(found, "worker_id"), by(found, "family_id")
    for row in rows:
        off = [each.person_id for each in of_family.get(row.family_id, [])]
        off += [each.person_id for worker in row.workers for each in of_worker.get(worker, [])]
        tx.foresee(exclusions.excluded_any, row.workers, row.family_id, answer=frozenset(off))


async def of_alarms(tx: Batch, rows: Sequence[tuple[VisitRow, UUID]], battery: timedelta, begin: timedelta) -> None:
    """What an alarm says of these workers on these visits; how long ago what they said still counts."""
    if not rows:
        return
    workers = {worker for _, worker in rows}
    crying = set(await tx.scalars(_CRYING, workers=workers))
    for worker in workers - crying:
        tx.foresee(hushed.cries_of, worker, answer=[])
    ids = [row.id for row, _ in rows]
    sent = {(each.visit_id, each.person_id): each.last for each in await tx.all(_SENT, visits=ids)}
    for row, worker in rows:
        tx.foresee(kept_files.last_from, row.id, worker, answer=sent.get((row.id, worker)))
    for work in (_of_positions(tx, rows, ids), _of_phrases(tx, workers), _of_words(tx, rows, battery, begin)):
        try:
            await work
        except (KeysDoNotOpen, KeyError, ValueError):
            # One that no key opens: each is asked for alone, and only that one goes without.
            continue


async def _of_positions(tx: Batch, rows: Sequence[tuple[VisitRow, UUID]], ids: Sequence[UUID]) -> None:
    last = {(each.visit_id, each.worker_id): said.read(each) for each in await tx.all(_POSITIONS, visits=ids)}
    for row, worker in rows:
        tx.foresee(said.last_position, worker, row.id, answer=last.get((row.id, worker)))


async def _of_phrases(tx: Batch, workers: Collection[UUID]) -> None:
    found = {each.person_id: phrases.read(each) for each in await tx.all(_PHRASES, workers=workers)}
    for worker in workers:
        tx.foresee(phrases.of, worker, answer=found.get(worker))


async def _of_words(tx: Batch, rows: Sequence[tuple[VisitRow, UUID]], battery: timedelta, begin: timedelta) -> None:
    since = {worker: {"battery": tx.now - battery, "begin": row.visit.starts_at - begin} for row, worker in rows}
    earliest = min(min(each.values()) for each in since.values())
    found = await tx.all(_WORDS, workers=list(since), since=earliest)
    last = {(each.worker_id, each.kind): each for each in found}
    for worker, moments in since.items():
        for kind, moment in moments.items():
            word = last.get((worker, kind))
            counts = word is not None and word.heard_at >= moment
            tx.foresee(said.last_of, worker, kind, moment, answer=said.read(word) if counts else None)


def _last(of: tuple[Any, ...], newest: Any, *where: Any) -> Select[Any]:
    """The newest row of each of these."""
    place = func.row_number().over(partition_by=of, order_by=newest.desc())
    ranked = select(words.c.id, place.label("place")).where(*where).subquery()
    return select(words).where(words.c.id.in_(select(ranked.c.id).where(ranked.c.place == 1)))


_WORKERS: Any = bindparam("workers", expanding=True)
_VISITS: Any = bindparam("visits", expanding=True)
_theirs = person.alias("theirs")
_SUPERVISORS = Ready(
    select(_theirs.c.id.label("worker"), person.c.id)
    .join(person, person.c.id == _theirs.c.supervisor_id)
    .where(_theirs.c.id.in_(_WORKERS), person.c.active)
)
_EXCLUSIONS = Ready(
    select(exclusion.c.person_id, exclusion.c.worker_id, exclusion.c.family_id).where(
        or_(exclusion.c.worker_id.in_(_WORKERS), exclusion.c.family_id.in_(bindparam("families", expanding=True))),
        exclusion.c.ended_at.is_(None),
    )
)
_CRYING = hushed.WHO
_SENT = Ready(
    select(kept_file.c.visit_id, kept_file.c.person_id, func.max(kept_file.c.said_at).label("last"))
    .where(kept_file.c.visit_id.in_(_VISITS), kept_file.c.debrief_id.is_(None), kept_file.c.gone.is_(None))
    .group_by(kept_file.c.visit_id, kept_file.c.person_id)
)
_PHRASES = Ready(select(phrase.c.person_id, phrase.c.words).where(phrase.c.person_id.in_(_WORKERS)))
_POSITIONS = Ready(
    _last(
        (words.c.visit_id, words.c.worker_id),
        words.c.said_at,
        words.c.visit_id.in_(_VISITS),
        func.length(words.c.position) > 0,
    )
)
_WORDS = Ready(
    _last(
        (words.c.worker_id, words.c.kind),
        words.c.heard_at,
        words.c.worker_id.in_(_WORKERS),
        words.c.kind.in_(KINDS),
        words.c.heard_at >= bindparam("since"),
    )
)
