"""Words that wait at the same moment: what they read is read for all of them at once, and so is written what they did.

In one transaction, with as many statements for sixty words as for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from safety_service.store import agencies, alerts, answers, people, sessions, unsent
from safety_service.store import visits_sql as visits
from safety_service.store.database import Tx
from safety_service.store.gathered import CLOSED, Foreseen, Gathered
from safety_service.store.ready import Ready


@dataclass(frozen=True, slots=True)
class Asked:
    """What a word will ask: who has this token, which visit, where that is, and what was answered under this key."""

    token: str
    visit_id: UUID
    #: With a position it is asked how far that is from the door. Else nothing that is sealed is opened.
    placed: bool = False
    key: str | None = None


async def foresee(tx: Tx, asked: Sequence[Asked]) -> list[Gathered | None]:
    """A view for each of these words; a visit that others hold is not in it. None: another word on its visit is first.

    Whose token is nobody's holds no visit: whoever knows its id could else keep its worker from being heard.
    """
    known = Foreseen(await tx.policy())
    sessions_of = await _sessions(tx, {each.token for each in asked}, known)
    people_ids = set(sessions_of.values())
    for agency_id in await _people(tx, people_ids):
        await agencies.get(tx, agency_id)
    first: dict[UUID, Asked] = {}
    for each in asked:
        if each.token in sessions_of:
            first.setdefault(each.visit_id, each)
    held = await _visits(tx, {visit_id: each.placed for visit_id, each in first.items()}, known)
    if held:
        known.asked = {(row.visit_id, row.person_id) for row in await tx.all(unsent.QUESTIONS, visits=held)}
    await _answers(tx, people_ids, {each.key for each in asked if each.key is not None}, known)
    behind = [each.token in sessions_of and first[each.visit_id] is not each for each in asked]
    return [None if waits else Gathered(tx, known) for waits in behind]


async def write(tx: Tx, done: Iterable[Gathered]) -> None:
    """Write what these words wrote, and let follow what follows them."""
    rows: dict[Ready, list[Mapping[str, Any]]] = {}
    announced: set[str] = set()
    for each in done:
        for statement, values in each.writes:
            rows.setdefault(statement, []).append(values)
        each.follow_with(tx, announced)
    for statement, many in rows.items():
        await tx.do_all(statement, many)


async def _sessions(tx: Tx, tokens: Collection[str], known: Foreseen) -> dict[str, UUID]:
    """Whose these tokens are, where they are somebody's."""
    by_digest = {sessions.digest(each): each for each in tokens}
    found = {row.digest: row for row in await tx.all(sessions.OF_TOKENS, digests=list(by_digest), now=tx.now)}
    for digest in by_digest:
        known.put(sessions.OF_TOKEN, [found[digest]] if digest in found else [], digest=digest, now=tx.now)
    return {by_digest[digest]: row.person_id for digest, row in found.items()}


async def _people(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Remember who they are, without what is sealed; gives their agencies."""
    found = await people.unopened(tx, ids)
    for each in found:
        closed = replace(each, name=CLOSED, email=CLOSED, phone=CLOSED, responder=CLOSED)
        people.remember(tx, closed)
    return {each.agency_id for each in found}


async def _visits(tx: Tx, placed: Mapping[UUID, bool], known: Foreseen) -> set[UUID]:
    """Those of the visits that nobody else holds, held from now on. Locks are taken in the order of ids."""
    rows = []
    for statement, here in ((visits.FREE_CLOSED, False), (visits.FREE, True)):
        if ids := [each for each, wanted in placed.items() if wanted is here]:
            rows += await tx.all(statement, ids=ids)
    held = {row.id for row in rows}
    if not held:
        return held
    parts: dict[UUID, list[Any]] = {each: [] for each in held}
    for part in await tx.all(visits.PARTS, ids=held):
        parts[part.visit_id].append(part)
    alarmed = set(await tx.scalars(alerts.ALARMED, visits=held))
    for row in rows:
        whole = row if placed[row.id] else row._replace(**_CLOSED_HERE)
        known.put(visits.LOCKED, [whole], ids=[row.id])
        known.put(visits.PARTS, parts[row.id], ids=[row.id])
        if row.id not in alarmed:
            known.put(alerts.LOCKED_OF_VISITS, [], visits=[row.id])
    return held


_CLOSED_HERE = dict.fromkeys(visits.SEALED, CLOSED)


async def _answers(tx: Tx, people_ids: Collection[UUID], keys: Collection[str], known: Foreseen) -> None:
    if not keys or not people_ids:
        return
    before = {(row.person_id, row.key): row for row in await tx.all(answers.THESE, people=people_ids, keys=keys)}
    for person_id in people_ids:
        for key in keys:
            rows = [before[person_id, key]] if (person_id, key) in before else []
            known.put(answers.FIND, rows, person_id=person_id, key=key)
