"""A storm: many alarms that are due at once are raised together, and each as if it were alone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import select, update

from safety_service.actions import cases, sweeping, words
from safety_service.actions.words import Word
from safety_service.domain import events as ev
from safety_service.domain.phrases import Phrases, Tap
from safety_service.store import channels, claiming, drivers, exclusions, outbox, phrases, said, stamps, teams
from safety_service.store.database import Tx
from safety_service.store.said import Said
from safety_service.store.tables.alerts import alert, told
from safety_service.store.tables.alerts import outbox as outbox_table
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import visit, watch
from safety_service.store.visits import VisitRow
from tests.storm import storm, waiting, whose, workers
from tests.world import World


async def test_a_storm_is_one_alert_and_one_message_for_each_and_no_number_is_left_out(world: World) -> None:
    rows = await storm(world, 7)
    await world.sweep()
    opened = await world.alerts()
    assert sorted(each.alert.number for each in opened) == list(range(1, 8))
    assert whose(await waiting(world)) == sorted(each.id for each in rows)
    for row in rows:
        assert (await world.visit(row.id)).visit.watches[0].next_at is not None


async def test_what_is_due_at_the_same_moment_comes_team_by_team(world: World) -> None:
    """Its manager then hears of all of it at once; in any order, the last of it came seconds after the first."""
    rows = await storm(world, 8)
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        theirs = [each.id for each in rows[::2]]
        await tx.conn.execute(update(visit).where(visit.c.id.in_(theirs)).values(team_id=south.id))
        due = [visit_id in theirs for visit_id, _ in await claiming.due(tx, 8)]
    assert due in ([True] * 4 + [False] * 4, [False] * 4 + [True] * 4)


async def test_a_storm_of_a_dozen_takes_no_more_statements_than_two_alarms_did_one_by_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_here: Counter[str] = Counter()
    await storm(world, 12)
    for kind in (drivers.InlineSqlite, drivers.Postgres):
        for name in ("fetch", "run", "run_many"):
            monkeypatch.setattr(kind, name, _counted(getattr(kind, name), said_here))
    async with world.database.transaction() as tx:
        assert await sweeping.sweep_watches(tx, 100) == 12
    assert said_here.total() <= 32, said_here


def _counted(method: Any, said_here: Counter[str]) -> Any:
    async def counted(self: Any, sql: str, arguments: Any) -> Any:
        said_here[sql] += 1
        return await method(self, sql, arguments)

    return counted


async def _richly(world: World) -> None:
    """Workers of whom there is something to be said: a supervisor, words, a position, a phrase, somebody kept off."""
    names = await workers(world, 4, supervisor_id=world.ids["Rita"])
    first, second, third, _ = (world.ids[each] for each in names)
    async with world.database.transaction() as tx:
        agreed = Phrases(own="own", duress="help", decoys=("a", "b"), tap=Tap.SHORT, code="is the cat well")
        await phrases.put(tx, first, agreed)
        await exclusions.add(tx, world.agency_id, world.ids["Mia"], worker_id=second, reason="cousin", by=None)
        await stamps.stamp(tx, "providers", {"kinds": ["telegram", "voice", "sms"]})
        voice = await channels.link(tx, world.ids["Dev"], "voice", "+447700900005")
        await channels.prove(tx, voice.id, "active")
    rows = [await world.inside(each, ref=f"R-{each}") for each in names]
    await world.jump(1)
    async with world.database.transaction() as tx:
        there = {"latitude": 53.8, "longitude": -1.5}
        await said.add(
            tx, Said(worker_id=third, visit_id=rows[2].id, kind="ok", said_at=tx.now, via="t", position=there)
        )
        await said.add(tx, Said(worker_id=third, visit_id=None, kind="battery", said_at=tx.now, via="t"))


@asynccontextmanager
async def _undone(world: World) -> AsyncIterator[Tx]:
    """A transaction that a crash ends before its commit."""
    with suppress(ConnectionError):
        async with world.database.transaction() as tx:
            yield tx
            raise ConnectionError("the process was killed")


async def _made(world: World, batch: int) -> list[Any]:
    """What one sweep makes of the whole database, and is not kept; without what is new each time."""
    found: list[Any] = []
    async with _undone(world) as tx:
        assert await sweeping.sweep_watches(tx, 100) == batch
        for each in (alert, told, outbox_table, event_log, watch):
            rows = (await tx.conn.execute(select(each))).all()
            found += sorted(repr(_plain(row._mapping)) for row in rows)
    return found


#: Ids and numbers that an alert is given, and what is made of them.
NEW = {"id", "alert_id", "number", "dedupe", "take", "reply", "message_id", "subject_id"}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items() if str(name) not in NEW}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(
    ("minutes", "called"), [(31, False), (31, True), (37, False)], ids=["asked", "asked who called", "alarmed"]
)
async def test_what_is_done_together_is_what_would_be_done_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, minutes: int, called: bool
) -> None:
    await _richly(world)
    if called:
        for name in (each for each in world.ids if each.startswith("W")):
            await world.do(name, words.sos, None, Word())
    await world.jump(minutes)
    together = await _made(world, 4)
    monkeypatch.setattr(sweeping, "pass_many", _fails)
    assert together == await _made(world, 4)


async def _fails(*_args: Any) -> Any:
    raise ValueError("nothing goes together today")


async def test_one_that_fails_in_a_storm_is_told_as_unwatched_and_the_others_are_alarmed_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await storm(world, 6)
    happen = cases.happen

    async def sometimes(tx: Tx, row: VisitRow, event: ev.Event, **more: Any) -> VisitRow:
        after = await happen(tx, row, event, **more)
        if row.id == rows[3].id:
            raise ValueError("a row that nobody foresaw")
        return after

    monkeypatch.setattr(sweeping, "happen", sometimes)
    await world.sweep()
    kinds = Counter(each.alert.kind.value for each in await world.alerts())
    assert kinds == {"missed_check_in": 5, "unwatched": 1}
    assert whose(await waiting(world)) == sorted(each.id for each in rows)


async def test_one_that_the_database_refuses_in_a_storm_keeps_nobody_elses_alarm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = await storm(world, 6)
    written = outbox._row

    def too_urgent(tx: Tx, message: outbox.Message) -> dict[str, Any]:
        refused = message.visit_id == rows[4].id and message.template == "alarm.missed_check_in"
        return {**written(tx, message), **({"state": "nobody knows"} if refused else {})}

    monkeypatch.setattr(outbox, "_row", too_urgent)
    await world.sweep()
    kinds = {each.alert.visit_id: each.alert.kind for each in await world.alerts()}
    assert kinds == {each.id: "unwatched" if each.id == rows[4].id else "missed_check_in" for each in rows}
    assert whose(await waiting(world)) == sorted(each.id for each in rows)


async def test_a_crash_before_the_commit_of_a_storm_keeps_nothing_and_loses_nothing(world: World) -> None:
    rows = await storm(world, 5)
    async with _undone(world) as tx:
        assert await sweeping.sweep_watches(tx, 100) == 5
    assert await world.alerts() == []
    await world.sweep()
    assert sorted(each.alert.number for each in await world.alerts()) == [1, 2, 3, 4, 5]
    assert whose(await waiting(world)) == sorted(each.id for each in rows)


async def test_two_schedulers_that_sweep_the_same_storm_raise_each_alarm_once(world: World) -> None:
    rows = await storm(world, 9)

    async def sweep() -> None:
        done = 1
        while done:
            async with world.database.transaction() as tx:
                done = await sweeping.sweep_watches(tx, 3)

    await asyncio.gather(sweep(), sweep())
    await world.sweep()
    assert sorted(each.alert.number for each in await world.alerts()) == list(range(1, 10))
    assert whose(await waiting(world)) == sorted(each.id for each in rows)


async def test_after_a_storm_those_who_reached_nobody_climb_and_the_others_wait_for_an_answer(world: World) -> None:
    await storm(world, 6)
    await world.sweep()
    taken = await waiting(world)
    async with world.database.transaction() as tx:
        for each in taken[1:]:
            await outbox.record(tx, each.id, "sent", sent_at=tx.now, reached_at=tx.now)
    await world.jump(0.6)
    async with world.database.transaction() as tx:
        assert await sweeping.sweep_alerts(tx, 100) == 6
    after = {each.id: each.alert for each in await world.alerts()}
    alone = taken[0].alert_id
    assert alone is not None and after.pop(alone).rung == 2
    assert {(each.rung, each.reach_by) for each in after.values()} == {(1, None)}
    assert all(each.next_at is not None and each.next_at > world.now for each in after.values())
