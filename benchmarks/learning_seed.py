"""An agency with years of debriefs, put straight into the tables: families, visits, what was told, what holds there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text

from safety_service.domain.search import words
from safety_service.domain.words import Role
from safety_service.store import people, teams
from safety_service.store.agencies import add as add_agency
from safety_service.store.database import Database, Tx
from safety_service.store.debrief_words import bucket
from safety_service.store.ids import new_id
from safety_service.store.tables import learning, plans, visits

TEAMS, WORKERS = 10, 10
VOCABULARY = 5_000
#: One debrief in five is a difficult one, and says more.
DIFFICULT, LONG, SHORT = 5, 40, 12
MET = ("argued", "put_off", "open_threat", "no_answer", "agreed")
BATCH = 2_000
DAY = timedelta(days=1)
DEMANDS: tuple[dict[str, Any], ...] = ({"people": 2}, {"daylight": True}, {"interval": "15m"})


@dataclass(slots=True)
class Seeded:
    """Who reads, who goes out, to which families, and which words are rare or common there."""

    agency_id: UUID
    team_ids: list[UUID]
    reader_id: UUID
    worker_ids: list[UUID]
    refs: list[str]
    rare: list[str]
    common: list[str]


class Talk:
    """Made-up words, used as often as words are: the tenth commonest a tenth as often as the commonest."""

    def __init__(self) -> None:
        self._random = Random(7)
        made = {"".join(self._syllables()) for _ in range(VOCABULARY * 3)}
        self.words = sorted(each for each in made if words(each) == {each})[:VOCABULARY]
        self._random.shuffle(self.words)
        self._weights = [1 / (rank + 10) for rank in range(len(self.words))]

    def say(self, length: int) -> list[str]:
        """So many words."""
        return self._random.choices(self.words, self._weights, k=length)

    def _syllables(self) -> Iterator[str]:
        for _ in range(3):
            yield self._random.choice("bdfgklmnprtv") + self._random.choice("aiou")
        yield self._random.choice("bdfgkmnprtv")


async def seed(database: Database, families: int, each: int) -> Seeded:
    """So many families with so many debriefs each, the newest of today."""
    talk = Talk()
    async with database.transaction() as tx:
        agency = await add_agency(tx, "Benchmark", office_phone="01632 960000", demonstration=True)
        reader = await people.add(tx, agency.id, "Reader")
        team_ids, worker_ids = [], []
        for number in range(TEAMS):
            team = await teams.add(tx, agency.id, f"Team {number}")
            team_ids.append(team.id)
            await people.set_roles(tx, reader.id, team.id, frozenset({Role.MANAGER}))
            for worker in range(WORKERS):
                person = await people.add(tx, agency.id, f"Worker {number} {worker}")
                await people.set_roles(tx, person.id, team.id, frozenset({Role.PRACTITIONER}))
                worker_ids.append(person.id)
    refs = [f"F-{number}" for number in range(families)]
    making = _Making(agency.id, team_ids, worker_ids, talk, each)
    for start in range(0, families, max(1, BATCH // each)):
        async with database.transaction() as tx:
            await making.put(tx, refs[start : start + max(1, BATCH // each)], start)
    async with database.transaction() as tx:
        await tx.conn.execute(text("ANALYZE"))
    rare, common = talk.words[VOCABULARY // 2 : VOCABULARY // 2 + 200], talk.words[20:220]
    return Seeded(agency.id, team_ids, reader.id, worker_ids, refs, rare, common)


@dataclass
class _Making:
    agency_id: UUID
    team_ids: Sequence[UUID]
    worker_ids: Sequence[UUID]
    talk: Talk
    each: int

    def __post_init__(self) -> None:
        self._buckets: dict[str, int] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {}

    async def put(self, tx: Tx, refs: Sequence[str], first: int) -> None:
        """These families, with all that is known of them."""
        self._rows = {name: [] for name in _TABLES}
        for number, ref in enumerate(refs, start=first):
            self._family(tx, ref, number)
        for name, table in _TABLES.items():
            rows = iter(self._rows[name])
            while batch := list(islice(rows, BATCH)):
                await tx.conn.execute(insert(table), batch)

    def _family(self, tx: Tx, ref: str, number: int) -> None:
        family_id, team = new_id(), number % TEAMS
        family = {"id": family_id, "agency_id": self.agency_id, "ref": ref, "created_at": tx.now, "version": 1}
        self._rows["family"].append({**family, "record": {"needs": [], "practical": {"dog": "a large one"}}})
        for demands in DEMANDS:
            self._rows["measure"].append(self._measure(tx, family_id, demands))
        for place in range(self.each):
            at = tx.now - DAY * (self.each - place) + timedelta(seconds=number)
            self._debrief(tx, family_id, team, self.worker_ids[team * WORKERS + place % WORKERS], at, place)

    def _measure(self, tx: Tx, family_id: UUID, demands: dict[str, Any]) -> dict[str, Any]:
        about = {"id": new_id(), "agency_id": self.agency_id, "family_id": family_id, "key": "own", "says": "Take care"}
        since = {"from_on": tx.now.date() - DAY, "proposed_at": tx.now, "state": "in_force"}
        return {**about, **since, "demands": demands, "because": {"debriefs": [], "behaviours": []}}

    def _debrief(self, tx: Tx, family_id: UUID, team: int, worker_id: UUID, at: datetime, place: int) -> None:
        ids = {"agency_id": self.agency_id, "family_id": family_id, "team_id": self.team_ids[team]}
        visit_id, debrief_id, hard = new_id(), new_id(), place % DIFFICULT == 0
        said = self.talk.say(LONG if hard else SHORT)
        plan = {"status": "closed", "risk": "low", "because": [], "purpose": "see the children", "answers": {}}
        times = {"starts_at": at, "ends_at": at + timedelta(hours=1), "travel": timedelta(minutes=30), "created_at": at}
        place_of = {"address": {"text": "4 Mill Lane"}, "created_by": worker_id}
        self._rows["visit"].append({"id": visit_id, **ids, **plan, **times, **place_of})
        watch = {"visit_id": visit_id, "worker_id": worker_id, "phase": "done", "interval": timedelta(hours=1)}
        self._rows["watch"].append(watch)
        met = MET[place % len(MET)]
        answers = {"mood": "bad" if hard else "fine", "seen": "alone", "happened": " ".join(said)}
        review = {"review": "done" if hard else "filed", "severity": "medium" if hard else "none"}
        given = {"state": "reviewed" if hard else "submitted", "asked_at": at, "submitted_at": at, "first_part_at": at}
        of = {"id": debrief_id, **ids, "visit_id": visit_id, "worker_id": worker_id, "guidance_edition": 0}
        self._rows["debrief"].append({**of, **review, **given, "answers": {**answers, "met": [met] if hard else []}})
        if hard:
            of_met = {"kind": met, "group": "confrontation", "severity": "medium", "on": at.date()}
            where = {"family_id": family_id, "team_id": self.team_ids[team], "worker_id": worker_id}
            self._rows["behaviour"].append({"debrief_id": debrief_id, **of_met, **where})
        for each in {self._bucket(tx, word) for word in said}:
            self._rows["word"].append({"debrief_id": debrief_id, "bucket": each, "agency_id": self.agency_id})

    def _bucket(self, tx: Tx, word: str) -> int:
        if word not in self._buckets:
            self._buckets[word] = bucket(tx, self.agency_id, word)
        return self._buckets[word]


_TABLES = {
    "family": visits.family,
    "visit": visits.visit,
    "watch": visits.watch,
    "debrief": learning.debrief,
    "behaviour": learning.debrief_behaviour,
    "word": learning.debrief_word,
    "measure": plans.measure,
}
