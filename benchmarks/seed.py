"""An agency with thousands of people inside, put straight into the tables; and deadlines set to a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, text, update

from benchmarks.watched import Watched
from safety_service.domain.words import Phase, Risk, Role, Stage, Status
from safety_service.store.database import Database, Tx
from safety_service.store.ids import new_id
from safety_service.store.tables import people as tables
from safety_service.store.tables import visits as visit_tables

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
#: A low risk's in the shipped policy.
INTERVAL, GRACE = HOUR, 10 * MINUTE
#: Deadlines are spread over this time, and begin this long from the seeding: nothing of them is due while we measure.
FIRST_DUE, SPREAD = 30 * MINUTE, 29 * MINUTE
TEAM_SIZE = 200
POSTS = ("manager_on_duty", "deputy_on_duty")
#: Above the chats of those on duty, the first team's manager on duty the first of them.
FIRST_WORKERS_CHAT = 1_000_000
FIRST_MANAGERS_CHAT = 1
_DEADLINES = ("due_at", "alarm_at", "next_at", "last_word_at")
#: Workers put into the tables together: of all at once, this process would hold every row.
TOGETHER = 5_000


async def seed(database: Database, count: int) -> list[Watched]:
    """One agency, a team for every 200 workers with two people on duty, and `count` workers inside, one visit each."""
    watched = [Watched(new_id(), new_id(), f"benchmark-{number}") for number in range(count)]
    async with database.transaction() as tx:
        agency_id = new_id()
        await _put(
            tx, tables.agency, [{"id": agency_id, "name": "Benchmark", "demonstration": True, "created_at": tx.now}]
        )
        teams = [new_id() for _ in range(teams_of(count))]
        await _put(
            tx, tables.team, [{"id": each, "agency_id": agency_id, "name": f"T{n}"} for n, each in enumerate(teams)]
        )
        await _inside(tx, agency_id, teams, watched)
    await _settle(database)
    return watched


def teams_of(count: int) -> int:
    """How many teams so many workers have: each worker's is that of their place, counted round."""
    return -(-count // TEAM_SIZE)


async def seed_inside(database: Database, agency_id: UUID, teams: Sequence[UUID], count: int) -> list[Watched]:
    """Two on duty in each of these teams of an agency that is there, and `count` new workers inside, one visit each."""
    watched = [Watched(new_id(), new_id(), f"benchmark-{number}") for number in range(count)]
    async with database.transaction() as tx:
        await _inside(tx, agency_id, teams, watched, refs="W")
    await _settle(database)
    return watched


async def _inside(
    tx: Tx, agency_id: UUID, teams: Sequence[UUID], watched: Sequence[Watched], *, refs: str = "F"
) -> None:
    await _on_duty(tx, agency_id, teams)
    numbered = list(enumerate(watched))
    for first in range(0, len(watched), TOGETHER):
        some = numbered[first : first + TOGETHER]
        await _workers(tx, agency_id, teams, some)
        await _visits(tx, agency_id, teams, some, refs, SPREAD / len(watched))


async def _on_duty(tx: Tx, agency_id: UUID, teams: Sequence[UUID]) -> None:
    holders = [(team, post, new_id()) for team in teams for post in POSTS]
    await _people(
        tx, agency_id, [(person, team, Role.MANAGER) for team, _, person in holders], first_chat=FIRST_MANAGERS_CHAT
    )
    shifts = [
        {
            "id": new_id(),
            "team_id": team,
            "post": post,
            "person_id": person,
            "starts_at": tx.now - HOUR,
            "ends_at": tx.now + 24 * HOUR,
            "created_at": tx.now,
        }
        for team, post, person in holders
    ]
    await _put(tx, tables.rota, shifts)


#: With their places among all.
Numbered = Sequence[tuple[int, Watched]]


async def _workers(tx: Tx, agency_id: UUID, teams: Sequence[UUID], numbered: Numbered) -> None:
    members = [(each.worker_id, teams[n % len(teams)], Role.PRACTITIONER) for n, each in numbered]
    await _people(tx, agency_id, members, first_chat=FIRST_WORKERS_CHAT + numbered[0][0])
    sessions = [
        {
            "id": new_id(),
            "digest": each.digest,
            "kind": "device",
            "person_id": each.worker_id,
            "created_at": tx.now,
            "seen_at": tx.now,
            "expires_at": tx.now + 24 * HOUR,
        }
        for _, each in numbered
    ]
    await _put(tx, tables.session, sessions)


async def _people(tx: Tx, agency_id: UUID, members: Sequence[tuple[UUID, UUID, Role]], *, first_chat: int) -> None:
    """Each with a name, a phone, an e-mail address, a responder card, one role and one Telegram chat."""
    persons, memberships, chats = [], [], []
    for chat, (person, team, role) in enumerate(members, start=first_chat):
        email, phone = f"p{chat}@example.org", f"07700 {chat:06}"
        persons.append(
            {
                "id": person,
                "agency_id": agency_id,
                "name": f"Person {chat}",
                "email": email,
                "email_index": tx.blind(email),
                "phone": phone,
                "phone_index": tx.blind(phone),
                "responder": {"car": "blue hatchback", "registration": "AB12 CDE", "next_of_kin": "Sam"},
                "created_at": tx.now,
            }
        )
        memberships.append({"person_id": person, "team_id": team, "role": role})
        chats.append(
            {
                "id": new_id(),
                "person_id": person,
                "kind": "telegram",
                "address": str(chat),
                "address_index": tx.blind(str(chat)),
                "state": "active",
                "since": tx.now,
                "changed_at": tx.now,
            }
        )
    await _put(tx, tables.person, persons)
    await _put(tx, tables.membership, memberships)
    await _put(tx, tables.channel, chats)


async def _visits(
    tx: Tx, agency_id: UUID, teams: Sequence[UUID], numbered: Numbered, refs: str, apart: timedelta
) -> None:
    families, visits, watches = [], [], []
    for number, each in numbered:
        family = {"id": new_id(), "agency_id": agency_id, "ref": f"{refs}-{number}", "created_at": tx.now}
        due_at = tx.now + FIRST_DUE + apart * number
        began_at = due_at - INTERVAL
        families.append(family)
        visits.append(
            {
                "id": each.visit_id,
                "agency_id": agency_id,
                "team_id": teams[number % len(teams)],
                "family_id": family["id"],
                "status": Status.BEGUN,
                "risk": Risk.LOW,
                "because": [],
                "purpose": "see the children",
                "address": {"text": f"{number} Mill Lane", "latitude": 53.8, "longitude": -1.55},
                "starts_at": began_at,
                "ends_at": tx.now + 12 * HOUR,
                "travel": 30 * MINUTE,
                "answers": {"transport": "car"},
                "created_at": began_at,
                "created_by": each.worker_id,
            }
        )
        watches.append(_watch(each, due_at, tx.now + 12 * HOUR))
    await _put(tx, visit_tables.family, families)
    await _put(tx, visit_tables.visit, visits)
    await _put(tx, visit_tables.watch, watches)


def _watch(each: Watched, due_at: datetime, ends_at: datetime) -> dict[str, Any]:
    return {
        "visit_id": each.visit_id,
        "worker_id": each.worker_id,
        "phase": Phase.INSIDE,
        "interval": INTERVAL,
        "ends_at": ends_at,
        "due_at": due_at,
        "alarm_at": due_at + GRACE,
        "next_at": due_at,
        "stage": Stage.ASK,
        "last_word_at": due_at - INTERVAL,
    }


async def _put(tx: Tx, table: Any, rows: list[dict[str, Any]]) -> None:
    await tx.conn.execute(insert(table), rows)


async def _settle(database: Database) -> None:
    """What the database would do in a quiet hour is done before anything is measured."""
    async with database.transaction() as tx:
        await tx.conn.execute(text("ANALYZE"))


async def alarm_at(database: Database, moments: Sequence[tuple[Watched, datetime]]) -> None:
    """Let each of these watches have asked and nudged in vain: its alarm goes off at this moment."""
    watch = visit_tables.watch
    late = (
        update(watch)
        .where(watch.c.visit_id == bindparam("its_visit"))
        .values(stage=Stage.ALARM, due_at=bindparam("due"), alarm_at=bindparam("at"), next_at=bindparam("at"))
    )
    async with database.transaction() as tx:
        await tx.conn.execute(late, [{"its_visit": each.visit_id, "due": at - GRACE, "at": at} for each, at in moments])


async def put_off(database: Database, by: timedelta) -> None:
    """All deadlines fall due so much later, as if everybody had been put inside so much later."""
    later = (
        "{0} = strftime('%Y-%m-%d %H:%M:%f', {0}, '+{1:.3f} seconds') || '000'"
        if database.dialect == "sqlite"
        else "{0} = {0} + interval '{1:.3f} seconds'"
    )
    moved = ", ".join(later.format(each, by.total_seconds()) for each in _DEADLINES)
    async with database.transaction() as tx:
        await tx.conn.execute(text(f"UPDATE watch SET {moved}".replace(":", r"\:")))
