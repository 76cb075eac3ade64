"""What stands on people's screens in a channel that lets us take it back, and what has been taken back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, or_, select, update

from safety_service.domain.words import Phase
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert, outbox, told
from safety_service.store.tables.people import channel
from safety_service.store.tables.visits import said, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message that a provider took, and by what name it can be taken off the screen."""

    id: UUID
    address: str
    provider_id: str
    template: str
    params: dict[str, Any]
    alert_id: UUID | None
    created_at: datetime


async def of_person(tx: Tx, person_id: UUID, kind: str, since: datetime) -> list[Shown]:
    """What stands on a person's screens since then, oldest first."""
    return _read(list(await tx.conn.execute(_shown(kind, since).where(outbox.c.person_id == person_id))))


async def of_resolved(
    tx: Tx, kind: str, since: datetime, alarms: Collection[str], answers: Collection[str], limit: int
) -> list[Shown]:
    """What still tells of alerts that were resolved since then, on the screens of those who were told.

    `alarms`: how templates begin; `answers`: templates of answers, which say in their params which alert they are
    about.
    """
    over = select(alert.c.id).where(alert.c.resolved_at >= since)
    begins = or_(*(outbox.c.template.like(f"{each}%") for each in alarms))
    found = _shown(kind, since).where(outbox.c.alert_id.in_(over), begins).limit(limit)
    alarmed = select(told.c.person_id).where(told.c.alert_id.in_(over))
    answered = _shown(kind, since).where(outbox.c.person_id.in_(alarmed), outbox.c.template.in_(tuple(answers)))
    said_so = _read(list(await tx.conn.execute(answered.limit(limit))))
    resolved = {str(each) for each in (await tx.conn.execute(over)).scalars()} if said_so else set()
    return _read(list(await tx.conn.execute(found))) + [
        each for each in said_so if str(each.params.get("alert_id")) in resolved
    ]


async def went_in(tx: Tx, since: datetime) -> list[tuple[UUID, UUID, datetime]]:
    """Who is inside now, on which visit, and when their going in was heard."""
    begun = said.join(watch, said.c.visit_id == watch.c.visit_id)
    query = select(watch.c.worker_id, watch.c.visit_id, said.c.heard_at).select_from(begun)
    query = query.where(
        watch.c.next_at.is_not(None), watch.c.phase == Phase.INSIDE, said.c.kind == "begin", said.c.heard_at >= since
    )
    return [(row.worker_id, row.visit_id, row.heard_at) for row in await tx.conn.execute(query.order_by(said.c.id))]


async def taken_off(tx: Tx, ids: Collection[UUID]) -> None:
    """These stand on no screen any more, or cannot be taken off it: they are not tried again."""
    if ids:
        await tx.conn.execute(update(outbox).where(outbox.c.id.in_(tuple(ids))).values(provider_id=None))


def _shown(kind: str, since: datetime) -> Select[Any]:
    query = select(outbox, channel.c.address).join(channel, channel.c.id == outbox.c.channel_id)
    there = (outbox.c.channel == kind, outbox.c.created_at >= since, outbox.c.provider_id.is_not(None))
    # What went out as part of one message for several alarms has none of its own; of some the number was not told.
    named = (outbox.c.provider_id != "", outbox.c.provider_id.not_like("with:%"))
    return query.where(*there, *named).order_by(outbox.c.id)


def _read(rows: list[Row[Any]]) -> list[Shown]:
    return [Shown(**{name: getattr(row, name) for name in Shown.__dataclass_fields__}) for row in rows]
