"""Rows to begin with: an agency, a team, people, a family, a visit. Each returns its id."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables import alerts, people, visits


async def put(tx: Tx, table: Table, **values: Any) -> UUID:
    """Insert a row with a new id, unless one is given."""
    values.setdefault("id", new_id())
    await tx.conn.execute(insert(table).values(values))
    row: UUID = values["id"]
    return row


async def agency(tx: Tx, name: str = "Northfield") -> UUID:
    return await put(tx, people.agency, name=name, created_at=tx.now)


async def team(tx: Tx, agency_id: UUID, name: str = "Intake") -> UUID:
    return await put(tx, people.team, agency_id=agency_id, name=name)


async def person(tx: Tx, agency_id: UUID, name: str = "Ann Field", **values: Any) -> UUID:
    return await put(tx, people.person, agency_id=agency_id, name=name, created_at=tx.now, **values)


async def visit(tx: Tx, agency_id: UUID, team_id: UUID, worker_id: UUID, **values: Any) -> UUID:
    family = await put(tx, visits.family, agency_id=agency_id, ref=f"F-{new_id()}", created_at=tx.now)
    usual = {
        "agency_id": agency_id,
        "team_id": team_id,
        "family_id": family,
        "status": "planned",
        "risk": "low",
        "because": [],
        "purpose": "see the children",
        "address": {"text": "1 Mill Lane"},
        "starts_at": tx.now,
        "ends_at": tx.now + timedelta(minutes=45),
        "travel": timedelta(minutes=30),
        "answers": {},
        "created_at": tx.now,
        "created_by": worker_id,
    }
    return await put(tx, visits.visit, **{**usual, **values})


async def watch(tx: Tx, visit_id: UUID, worker_id: UUID, **values: Any) -> None:
    usual = {
        "visit_id": visit_id,
        "worker_id": worker_id,
        "phase": "inside",
        "interval": timedelta(minutes=30),
        "due_at": tx.now + timedelta(minutes=30),
        "alarm_at": tx.now + timedelta(minutes=35),
        "next_at": tx.now + timedelta(minutes=30),
        "stage": "ask",
    }
    await tx.conn.execute(insert(visits.watch).values({**usual, **values}))


async def alert(tx: Tx, agency_id: UUID, worker_id: UUID, number: int, **values: Any) -> UUID:
    usual = {
        "agency_id": agency_id,
        "number": number,
        "kind": "sos",
        "state": "open",
        "worker_id": worker_id,
        "opened_at": tx.now,
        "due_at": tx.now,
        "ladder": {},
        "rung": 0,
        "step": 0,
        "doing": "answer",
        "next_at": tx.now,
        "due_now": tx.now,
        "open_key": f"{worker_id}:-:sos",
    }
    return await put(tx, alerts.alert, **{**usual, **values})
