"""The database refuses illegal states, and to change what was said, decided and done, on either kind."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from safety_service.store.database import Database, Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import decision, family, said
from tests.unit import rows


class Case:
    """An agency with a worker on a visit, and a manager."""

    async def begin(self, tx: Tx) -> "Case":
        self.agency = await rows.agency(tx)
        self.team = await rows.team(tx, self.agency)
        self.worker = await rows.person(tx, self.agency)
        self.manager = await rows.person(tx, self.agency, "Bea Hill")
        self.visit = await rows.visit(tx, self.agency, self.team, self.worker)
        return self


async def refused(tx: Tx, says: str, doing: Any) -> None:
    """The database refuses this, and says so by the constraint's name (SQLite: by the column)."""
    with pytest.raises(IntegrityError, match=says):
        async with tx.savepoint():
            await doing


@pytest.mark.parametrize("missing", ["next_at", "due_at", "alarm_at", "stage"])
async def test_nobody_is_watched_without_the_next_deadline(database: Database, missing: str) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        watch = rows.watch(tx, case.visit, case.worker, **{missing: None})
        await refused(tx, "watched_means_armed", watch)


async def test_a_watch_that_is_done_has_no_deadline_left(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        await refused(tx, "watched_means_armed", rows.watch(tx, case.visit, case.worker, phase="done"))


async def test_a_worker_is_inside_one_visit_at_most(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        await rows.watch(tx, case.visit, case.worker)
        next_visit = await rows.visit(tx, case.agency, case.team, case.worker)
        await refused(tx, "inside_once|watch.worker_id", rows.watch(tx, next_visit, case.worker))
        await rows.watch(tx, next_visit, case.worker, phase="home")


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("no_silent_end", {"next_at": None}),
        ("swept_until_resolved", {"due_now": None}),
        ("one_open_for_each_cause", {"open_key": None}),
        ("taken_has_owner", {"state": "taken"}),
        ("state_known", {"state": "closed"}),
        ("kind_known", {"kind": "late"}),
        (
            "resolved_by_somebody",
            {"state": "resolved", "next_at": None, "due_now": None, "open_key": None, "found": "safe"},
        ),
    ],
)
async def test_an_alert_ends_only_in_somebodys_resolution(
    database: Database, constraint: str, values: dict[str, Any]
) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        await refused(tx, constraint, rows.alert(tx, case.agency, case.worker, 1, **values))


async def test_an_open_alert_has_no_owner_yet(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        await refused(tx, "open_has_no_owner", rows.alert(tx, case.agency, case.worker, 1, owner_id=case.manager))


async def test_nobody_owns_or_resolves_the_alert_about_themselves(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        own = rows.alert(tx, case.agency, case.worker, 1, state="taken", owner_id=case.worker)
        await refused(tx, "not_owned_by_worker", own)
        end = {"found": "safe", "known_by": "seen", "resolved_at": tx.now, "next_at": None, "due_now": None}
        closed = rows.alert(
            tx, case.agency, case.worker, 1, state="resolved", open_key=None, found_by=case.worker, **end
        )
        await refused(tx, "never_your_own", closed)


async def test_one_cause_has_one_open_alert(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        await rows.alert(tx, case.agency, case.worker, 1)
        await refused(tx, "open_key", rows.alert(tx, case.agency, case.worker, 2))
        await refused(tx, "number", rows.alert(tx, case.agency, case.worker, 1, open_key="another"))
        await rows.alert(tx, case.agency, case.worker, 2, open_key="another")


async def test_a_reference_leads_somewhere(database: Database) -> None:
    async with database.transaction() as tx:
        await refused(tx, "(?i)foreign key", rows.team(tx, new_id()))


async def test_what_was_refused_is_not_quoted(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        values = {"agency_id": case.agency, "ref": "SMITH-7", "created_at": tx.now}
        await rows.put(tx, family, **values)
        with pytest.raises(IntegrityError) as raised:
            async with tx.savepoint():
                await rows.put(tx, family, **values)
    error: BaseException | None = raised.value
    while error:
        assert "SMITH-7" not in str(error)
        error = error.__cause__


async def _one_of_each(tx: Tx) -> dict[Table, UUID]:
    case = await Case().begin(tx)
    word = {"worker_id": case.worker, "kind": "ok", "said_at": tx.now, "heard_at": tx.now, "via": "api"}
    decided = {"visit_id": case.visit, "kind": "go_ahead", "reason": "two go", "by": case.manager, "at": tx.now}
    event = {"at": tx.now, "verb": "begin", "subject": "visit", "details": {}}
    return {
        said: await rows.put(tx, said, **word),
        decision: await rows.put(tx, decision, **decided, visit_version=1),
        event_log: await rows.put(tx, event_log, **event),
    }


async def test_what_was_said_decided_and_done_can_be_neither_changed_nor_removed(database: Database) -> None:
    async with database.transaction() as tx:
        kept = await _one_of_each(tx)
        for table, row in kept.items():
            for change in (update(table).values(id=new_id()), delete(table), delete(table).where(table.c.id == row)):
                with pytest.raises(DBAPIError, match=f"{table.name} is append-only"):
                    async with tx.savepoint():
                        await tx.conn.execute(change)
    async with database.reading() as tx:
        for table, row in kept.items():
            assert (await tx.conn.execute(select(table.c.id))).scalars().all() == [row]


async def test_rows_cannot_be_replaced_under_their_ids_nor_swept_out(database: Database) -> None:
    async with database.transaction() as tx:
        event = (await _one_of_each(tx))[event_log]
        again = insert(event_log).values(id=event, at=tx.now, verb="end", subject="visit", details={})
        await refused(tx, "(?i)unique", tx.conn.execute(again))
        replace, sweep_out = "INSERT OR REPLACE INTO event_log SELECT * FROM event_log", "TRUNCATE event_log"
        with pytest.raises(DBAPIError, match="event_log is append-only"):
            async with tx.savepoint():
                await tx.conn.execute(text(replace if tx.dialect == "sqlite" else sweep_out))


async def test_a_visit_ends_after_it_starts(database: Database) -> None:
    async with database.transaction() as tx:
        case = await Case().begin(tx)
        backwards = rows.visit(tx, case.agency, case.team, case.worker, ends_at=tx.now - timedelta(minutes=1))
        await refused(tx, "ends_after_start", backwards)
