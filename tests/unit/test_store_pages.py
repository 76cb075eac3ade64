"""What the pages keep beside everything else: what the database refuses of it, and when it goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from safety_service.actions import people, removing
from safety_service.store import identities, leave, saved_filters
from safety_service.store.database import Database
from safety_service.store.tables import people as tables
from tests.unit.test_store_constraints import Case, refused
from tests.world import World

ISSUER = "https://login.example.org"
SUBJECT = "4711"


async def test_an_account_speaks_for_one_person_only(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        made = await identities.add(tx, case.worker, ISSUER, SUBJECT, "waiting")
        again = identities.add(tx, case.manager, ISSUER, SUBJECT, "active")
        await refused(tx, "uq_identity_live_subject|identity.subject_index", again)
        await identities.end(tx, made.id)
        await identities.add(tx, case.manager, ISSUER, SUBJECT, "active")
        await identities.add(tx, case.worker, "https://other.example.org", SUBJECT, "active")


async def test_nobody_agrees_to_their_own_account(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        made = await identities.add(tx, case.worker, ISSUER, SUBJECT, "waiting")
        await refused(tx, "agreed_by_another", identities.agree(tx, made.id, case.worker))
        assert await identities.agree(tx, made.id, case.manager)
        assert not await identities.agree(tx, made.id, case.manager)


async def test_leave_ends_after_it_begins(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        with pytest.raises(IntegrityError, match="ends_after_start"):
            async with tx.savepoint():
                await leave.add(tx, case.worker, tx.now, tx.now, by=None)


async def removed(world: World) -> int:
    async with world.database.transaction() as tx:
        return sum((await removing.remove_old(tx)).values())


async def test_of_who_left_no_account_no_filter_and_no_leave_is_kept(world: World) -> None:
    ann = world.ids["Ann"]
    async with world.database.transaction() as tx:
        await identities.add(tx, ann, ISSUER, SUBJECT, "active")
        await saved_filters.add(tx, ann, "log", "mine", {"family": "F-1"})
        await leave.add(tx, ann, tx.now, tx.now + timedelta(days=1), by=None)
    await world.do("Adam", people.deactivate, ann)
    async with world.database.transaction() as tx:
        long_ago = tx.now - timedelta(days=4000)
        await tx.conn.execute(update(tables.person).where(tables.person.c.id == ann).values(left_at=long_ago))
    while await removed(world):
        pass
    async with world.database.reading() as tx:
        assert (await tx.conn.execute(select(tables.identity.c.subject_index))).scalars().all() == [""]
        for table in (tables.saved_filter, tables.leave):
            assert (await tx.conn.execute(select(table))).all() == []
