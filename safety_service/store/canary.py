"""The rows of the canary (domain.canary): made once, and removed again after each visit of its own."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select, update

from safety_service.domain.canary import AGENCY, DEPUTY, MANAGER, PEOPLE, TEAM, WORKER
from safety_service.domain.reaching import CANARY
from safety_service.domain.words import Role, State
from safety_service.store import alerts
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, alert_link, outbox, ring, told
from safety_service.store.tables.learning import debrief, item
from safety_service.store.tables.people import agency, channel, membership, person, rota, standing, team
from safety_service.store.tables.visits import said, visit, watch
from safety_service.store.upsert import insert_or

#: Nobody types this.
_NAME = f"canary {AGENCY}"
#: On duty for so long; prolonged when half of it is over.
_ON_DUTY = timedelta(days=60)
_POSTS = {MANAGER: "manager_on_duty", DEPUTY: "deputy_on_duty"}
_ROLES = {WORKER: Role.PRACTITIONER, MANAGER: Role.MANAGER, DEPUTY: Role.MANAGER}


async def make(tx: Tx) -> None:
    """Its agency, team and people, with a channel each; what is there already stays."""
    if (await tx.scalar(_THERE)) is None:
        whole: dict[str, Any] = {"id": AGENCY, "name": _NAME, "timezone": "UTC", "created_at": tx.now}
        # No assessment is asked for what is about nobody.
        await _put(tx, agency, [{**whole, "demonstration": True, "office_phone": ""}])
        await _put(tx, team, [{"id": TEAM, "agency_id": AGENCY, "name": _NAME}])
        await _put(tx, person, [_person(tx, each) for each in PEOPLE])
        await _put(
            tx,
            membership,
            [{"person_id": each, "team_id": TEAM, "role": str(role)} for each, role in _ROLES.items()],
        )
        await _put(tx, channel, [_channel(tx, each) for each in PEOPLE])
        await _put(tx, standing, [{"agency_id": AGENCY, "person_id": each, "created_at": tx.now} for each in _POSTS])
        await _put(tx, rota, [_shift(tx, each, post) for each, post in _POSTS.items()])
    here = rota.c.team_id == TEAM, rota.c.ends_at < tx.now + _ON_DUTY / 2
    await tx.conn.execute(update(rota).where(*here).values(ends_at=tx.now + _ON_DUTY))


_THERE = Ready(select(rota.c.id).where(rota.c.id == DEPUTY))


async def _put(tx: Tx, table: Table, rows: list[dict[str, Any]]) -> None:
    await tx.conn.execute(insert_or(tx, table).values(rows).on_conflict_do_nothing())


def _person(tx: Tx, person_id: UUID) -> dict[str, Any]:
    return {"id": person_id, "agency_id": AGENCY, "name": "Canary", "active": True, "created_at": tx.now}


def _channel(tx: Tx, person_id: UUID) -> dict[str, Any]:
    address = str(person_id)
    times = {"since": tx.now, "changed_at": tx.now}
    whole = {"id": person_id, "person_id": person_id, "kind": CANARY, "address": address, "state": "active"}
    return {**whole, **times, "address_index": tx.blind(address)}


def _shift(tx: Tx, person_id: UUID, post: str) -> dict[str, Any]:
    times = {"starts_at": tx.now, "ends_at": tx.now + _ON_DUTY, "created_at": tx.now}
    return {"id": person_id, "team_id": TEAM, "post": post, "person_id": person_id, "offered": False, **times}


async def visits(tx: Tx) -> list[UUID]:
    """Its visits that have not been removed."""
    return await tx.scalars(_VISITS)


_VISITS = Ready(select(visit.c.id).where(visit.c.team_id == TEAM))


async def open_alerts(tx: Tx) -> list[AlertRow]:
    """Its alerts that nobody has ended."""
    rows = await tx.conn.execute(select(alert.c.id).where(alert.c.agency_id == AGENCY, alert.c.state != State.RESOLVED))
    found = [await alerts.load(tx, each) for each in rows.scalars().all()]
    return [each for each in found if each is not None]


async def going_out(tx: Tx) -> bool:
    """Whether a dispatcher has a message of its now."""
    going = outbox.c.person_id.in_(PEOPLE), outbox.c.state == "sending", outbox.c.lease_until > tx.now
    return (await tx.conn.execute(select(outbox.c.id).where(*going).limit(1))).first() is not None


async def remove(tx: Tx) -> None:
    """Every row of its visits: for figures, and for whoever reads the database, they have never been."""
    theirs = (await tx.conn.execute(select(alert.c.id).where(alert.c.agency_id == AGENCY))).scalars().all()
    for statement in (
        delete(outbox).where(outbox.c.person_id.in_(PEOPLE)),
        delete(alert_link).where(alert_link.c.alert_id.in_(theirs)),
        delete(told).where(told.c.alert_id.in_(theirs)),
        delete(ring).where(ring.c.worker_id == WORKER),
        delete(said).where(said.c.worker_id == WORKER),
        delete(item).where(item.c.worker_id == WORKER),
        delete(debrief).where(debrief.c.worker_id == WORKER),
        delete(watch).where(watch.c.worker_id == WORKER),
        delete(alert).where(alert.c.agency_id == AGENCY),
        delete(visit).where(visit.c.team_id == TEAM),
    ):
        await tx.conn.execute(statement)
