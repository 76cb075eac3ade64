"""Making everything old: what is open is closed, the evidence is sealed, years pass, and what is old is removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from safety_service.actions import removing
from safety_service.store.database import Database
from safety_service.store.retention import RULES, is_sealed
from safety_service.store.tables import metadata
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.around import meeting, share
from safety_service.store.tables.learning import item
from safety_service.store.tables.plans import measure, undertaking
from safety_service.store.tables.system import event_log, event_seal
from safety_service.store.tables.visits import family, risk_fact
from tests.world import World

#: Longer than anything is kept.
AGES = timedelta(days=2923)


async def over(world: World, by: UUID) -> None:
    """Nothing is open any more, of any family."""
    at = world.now
    closed: dict[Any, dict[str, Any]] = {
        measure: {"state": "lapsed", "next_at": None},
        item: {"closed_at": func.coalesce(item.c.closed_at, at), "closed_by": by, "next_at": None},
        undertaking: {"state": "ended", "next_at": None},
        share: {"state": "withheld", "decided_by": by, "next_at": None},
        meeting: {"next_at": None},
        risk_fact: {"ended_on": at.date(), "review_on": None},
        outbox: {"state": "dropped", "lease_until": None, "reached_at": None},
    }
    async with world.database.transaction() as tx:
        for table, values in closed.items():
            await tx.conn.execute(update(table).values(**values))


async def seal(database: Database) -> None:
    """Every entry of the evidence log is in the chain, whatever the links of it say."""
    async with database.transaction() as tx:
        known = select(event_seal.c.event_id)
        ids = (await tx.conn.execute(select(event_log.c.id).where(event_log.c.id.not_in(known)))).scalars().all()
        first = (await tx.conn.execute(select(func.coalesce(func.max(event_seal.c.number), 0)))).scalar_one() + 1
        rows = [
            {"number": number, "event_id": each, "details_digest": "", "digest": "", "sealed_at": tx.now}
            for number, each in enumerate(ids, start=first)
        ]
        if rows:
            await tx.conn.execute(event_seal.insert(), rows)


async def removed(database: Database) -> dict[str, int]:
    """Everything that is old goes, however many batches that takes. Gives how many of each."""
    done: dict[str, int] = {}
    while True:
        async with database.transaction() as tx:
            now = await removing.remove_old(tx)
        if not any(now.values()):
            return done
        done = {name: done.get(name, 0) + count for name, count in now.items()}


async def age(world: World, years: timedelta = AGES) -> dict[str, int]:
    """That much later, and what is old has gone."""
    await seal(world.database)
    world.clock.move(years)
    return await removed(world.database)


async def written(database: Database) -> dict[str, str]:
    """What stands in every sealed column, opened."""
    found: dict[str, str] = {}
    async with database.reading() as tx:
        for table in metadata.sorted_tables:
            for column in filter(is_sealed, table.c):
                values = (await tx.conn.execute(select(column))).scalars()
                found[str(column)] = "\n".join(repr(each) for each in values)
    return found


async def refs(database: Database) -> set[str]:
    """The references that families have."""
    async with database.reading() as tx:
        return set((await tx.conn.execute(select(family.c.ref))).scalars())


def covered() -> set[str]:
    """The sealed columns that a rule empties."""
    return {str(column) for rule in RULES for column in rule.covers}
