"""Check-ins that come at the same moment share a transaction, and each is heard as if it had come alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import func, select

from safety_service import api, grouping
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.api.call import GROUPING
from safety_service.domain.words import Kind, Role
from safety_service.store import channels, people, together, visits
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.system import answered, event_log
from safety_service.store.tables.visits import said
from safety_service.store.visits import VisitRow
from safety_service.transact import in_transaction
from tests.danger import DURESS, agreed
from tests.http import Program, application, paired, serving
from tests.unit.test_unreadable_rows import spoil_of
from tests.world import World

FORTY = 40


class Crew:
    """Many workers with a program each, and what they say at the same moment."""

    def __init__(self, world: World, session: ClientSession, app: Any) -> None:
        self.world = world
        self.app = app
        self.programs: dict[str, Program] = {}
        self.rows: dict[str, VisitRow] = {}
        self._session = session

    async def joins(self, name: str) -> None:
        """A practitioner of the team, with a paired program."""
        async with self.world.database.transaction() as tx:
            person = await people.add(tx, self.world.agency_id, name, email=f"{name}@example.org")
            self.world.ids[name] = person.id
            await people.set_roles(tx, person.id, self.world.team_id, frozenset({Role.PRACTITIONER}))
            await channels.link(tx, person.id, "telegram", f"chat-{name}")
        self.programs[name] = await paired(self.world, self._session, name)

    async def goes_in(self, *names: str, **more: Any) -> None:
        """Each of them joins, and goes in to a family of their own."""
        for name in names:
            await self.joins(name)
            self.rows[name] = await self.world.inside(name, ref=f"F-{name}", **more)

    async def ok(self, name: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """One check-in."""
        path = f"/visits/{self.rows[name].id}/check-ins"
        answer: tuple[int, Any] = await self.programs[name].post(path, body, **more)
        return answer

    async def all_ok(self, *names: str) -> list[tuple[int, Any]]:
        """They check in at the same moment."""
        return await asyncio.gather(*(self.ok(each) for each in names))

    async def watch(self, name: str) -> dict[str, Any]:
        """Their watch as it is kept."""
        row = await self.world.visit(self.rows[name].id)
        kept = asdict(row.visit.watch(self.world.ids[name]))
        return {key: value for key, value in kept.items() if key != "worker_id"}

    async def count(self, table: Any, *where: Any) -> int:
        """How many rows there are."""
        async with self.world.database.reading() as tx:
            found = await tx.conn.scalar(select(func.count()).select_from(table).where(*where))
        return int(found or 0)


@pytest.fixture
async def crew(world: World) -> AsyncIterator[Crew]:
    app = application(world, api)
    async with serving(app) as base, ClientSession(base) as session:
        yield Crew(world, session, app)


@pytest.fixture
def transactions(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each transaction that is begun."""
    begun: list[str] = []
    open_one = Database.transaction

    @asynccontextmanager
    async def counted(database: Database) -> AsyncIterator[Tx]:
        begun.append("begun")
        async with open_one(database) as tx:
            yield tx

    monkeypatch.setattr(Database, "transaction", counted)
    return begun


def some(count: int) -> list[str]:
    return [f"W{number}" for number in range(count)]


async def test_words_that_wait_together_share_a_transaction_and_each_is_kept(
    crew: Crew, transactions: list[str]
) -> None:
    names = some(FORTY)
    await crew.goes_in(*names)
    crew.world.clock.move(timedelta(minutes=5))
    transactions.clear()
    answers = await crew.all_ok(*names)
    assert [status for status, _ in answers] == [200] * FORTY
    assert len(transactions) < FORTY / 2
    due = {each["due_at"] for _, each in answers}
    assert due == {(await crew.watch(each))["due_at"].isoformat() for each in names}
    assert {each["visit_id"] for _, each in answers} == {str(row.id) for row in crew.rows.values()}
    assert await crew.count(said, said.c.kind == "ok") == FORTY
    assert await crew.count(event_log, event_log.c.verb == "ok") == FORTY


STATES: dict[str, Callable[[Crew, str], Awaitable[None]]] = {}


def state(make: Callable[[Crew, str], Awaitable[None]]) -> Callable[[Crew, str], Awaitable[None]]:
    STATES[make.__name__] = make
    return make


@state
async def not_begun(crew: Crew, name: str) -> None:
    await crew.joins(name)
    crew.rows[name] = await crew.world.plan(name, ref=f"F-{name}", after=10)


@state
async def just_in(crew: Crew, name: str) -> None:
    await crew.goes_in(name)


@state
async def asked(crew: Crew, name: str) -> None:
    await crew.goes_in(name)
    watch = await crew.watch(name)
    crew.world.clock.move(watch["due_at"] - crew.world.now + timedelta(seconds=1))
    await crew.world.sweep()


@state
async def alarmed(crew: Crew, name: str) -> None:
    await crew.goes_in(name)
    watch = await crew.watch(name)
    await crew.world.later((watch["alarm_at"] - crew.world.now) / timedelta(minutes=1) + 1, step=1)


@state
async def on_the_way_home(crew: Crew, name: str) -> None:
    await crew.goes_in(name)
    await crew.world.do(name, words.left, crew.rows[name].id, Word())


@state
async def at_home(crew: Crew, name: str) -> None:
    await on_the_way_home(crew, name)
    await crew.world.do(name, words.home, crew.rows[name].id, Word())


@pytest.mark.parametrize("made", STATES)
async def test_a_word_is_heard_in_a_group_as_it_is_heard_alone(
    crew: Crew, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = crew.world.now
    heard = {}
    for name in ("Gil", "Lou"):
        crew.world.clock.move(start - crew.world.now)
        await STATES[made](crew, name)
        if name == "Lou":
            monkeypatch.setattr(crew.app[GROUPING], "done", lambda _, work: in_transaction(crew.world.database, work))
        status, answer = await crew.ok(name)
        about = crew.rows[name].id
        heard[name] = (
            status,
            {key: value for key, value in answer.items() if key != "visit_id"},
            await crew.watch(name),
            await crew.count(outbox, outbox.c.visit_id == about, outbox.c.state == "dropped"),
            await crew.count(outbox, outbox.c.visit_id == about, outbox.c.state == "pending"),
            await crew.count(event_log, event_log.c.subject_id == about),
            await crew.count(said, said.c.visit_id == about),
        )
    assert heard["Gil"] == heard["Lou"]


async def test_a_refused_word_harms_no_other_and_is_noted(crew: Crew) -> None:
    await crew.goes_in("A", "B", "C")
    await crew.world.do("B", words.left, crew.rows["B"].id, Word())
    await crew.world.do("B", words.home, crew.rows["B"].id, Word())
    crew.rows["C"] = crew.rows["A"]  # somebody else's
    answers = await crew.all_ok("A", "B", "C")
    assert [status for status, _ in answers] == [200, 409, 404]
    assert await crew.count(said, said.c.kind == "ok") == 1
    assert await crew.count(event_log, event_log.c.verb == "refused") == 2


async def test_a_word_for_which_an_alarm_waits_is_told_to_those_who_were_alarmed(crew: Crew) -> None:
    await alarmed(crew, "A")
    await crew.goes_in("B", "C")
    answers = await crew.all_ok("A", "B", "C")
    assert [(status, each["late"]) for status, each in answers] == [(200, True), (200, False), (200, False)]
    await crew.world.deliver()
    assert [each.template for each in crew.world.told("Mia")][-1].startswith("alert."), "she hears of the late word"


async def test_two_words_on_one_visit_are_both_kept(crew: Crew) -> None:
    await crew.goes_in("A", "B")
    answers = await crew.all_ok("A", "A", "B", "A")
    assert [status for status, _ in answers] == [200] * 4
    assert await crew.count(said, said.c.kind == "ok") == 4


async def test_the_same_request_twice_at_the_same_moment_is_one_word(crew: Crew) -> None:
    await crew.goes_in("A", "B")
    twice = await asyncio.gather(*(crew.ok("A", key="once") for _ in range(3)), crew.ok("B", key="once"))
    assert [status for status, _ in twice] == [200] * 4
    assert twice[0][1] == twice[1][1] == twice[2][1]
    assert await crew.count(said, said.c.kind == "ok") == 2
    assert await crew.count(answered) == 2
    assert (await crew.ok("A", {"note": "x"}, key="once"))[0] == 422, "the key came with another request before"


async def test_a_word_that_comes_while_the_last_group_ends_is_heard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, heard = grouping.Grouping(world.database), asyncio.Event()
    asked = together.Asked("a token", world.agency_id)
    look = group._next

    async def hears(_: Tx) -> None:
        heard.set()

    late = group.done(asked, hears)

    def nothing_left() -> Any:
        found = look()
        if not found and not heard.is_set():
            # After the task has found nothing, and before anybody knows that it has ended.
            asyncio.get_running_loop().call_soon(late.send, None)
        return found

    async def first(_: Tx) -> None:
        monkeypatch.setattr(group, "_next", nothing_left)

    await group.done(asked, first)
    await asyncio.wait_for(heard.wait(), 10)
    await group.close()
    late.close()


async def test_a_dropped_phone_is_not_heard_and_others_are(crew: Crew) -> None:
    await crew.goes_in("A", "B")
    crew.programs["A"].token = "made up"
    assert [status for status, _ in await crew.all_ok("A", "B")] == [401, 200]


async def test_made_up_tokens_hold_no_visit_and_its_worker_is_heard_among_them(
    crew: Crew, transactions: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await crew.goes_in("A", "B")
    looked_for: list[Any] = []
    real = together._visits

    async def seen(tx: Tx, placed: Any, known: Any) -> Any:
        looked_for.append(dict(placed))
        return await real(tx, placed, known)

    monkeypatch.setattr(together, "_visits", seen)
    strangers = [Program(crew.programs["A"]._session, f"made up {number}") for number in range(30)]
    path = f"/visits/{crew.rows['A'].id}/check-ins"
    transactions.clear()
    answers = await asyncio.gather(*(each.post(path) for each in strangers), crew.ok("A"), crew.ok("B"))
    assert [status for status, _ in answers] == [401] * 30 + [200, 200]
    assert len(transactions) < 16, "they go together, and not one after the other"
    assert sum(len(each) for each in looked_for) == 2


async def test_where_it_was_said_is_kept_with_how_far_that_is(crew: Crew) -> None:
    await crew.goes_in("A", address="1 Elm Row", latitude=51.5, longitude=-0.12)
    far = {"position": {"latitude": 51.6, "longitude": -0.12}}
    status, answer = await crew.ok("A", far)
    assert status == 200
    assert "right place?" in answer["message"]


async def test_a_word_for_danger_in_a_check_in_is_heard_in_a_group(crew: Crew) -> None:
    await crew.goes_in("A", "B")
    await agreed(crew.world, "A")
    quiet, loud = await asyncio.gather(crew.ok("B"), crew.ok("A", {"phrase": DURESS}))
    assert (quiet[0], loud[0]) == (200, 200)
    assert [each.alert.kind for each in await crew.world.alerts()] == [Kind.DURESS]


async def test_what_fails_while_it_is_written_is_done_one_by_one(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(tx: Tx, done: Any) -> None:
        await together.write(tx, done)
        raise ValueError("one row is bad")

    monkeypatch.setattr(grouping, "write", fails)
    await crew.goes_in(*some(5))
    assert [status for status, _ in await crew.all_ok(*some(5))] == [200] * 5
    assert await crew.count(said, said.c.kind == "ok") == 5, "what the group wrote is undone"


async def test_nothing_is_confirmed_that_cannot_be_kept(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    await crew.goes_in(*some(5))

    async def away(tx: Tx, done: Any) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(grouping, "write", away)
    answers = await crew.all_ok(*some(5))
    assert [status for status, _ in answers] == [503] * 5
    assert await crew.count(said, said.c.kind == "ok") == 0


async def test_whose_visit_somebody_else_holds_keeps_no_other_waiting(crew: Crew) -> None:
    if crew.world.database.dialect == "sqlite":
        pytest.skip("only one transaction at a time writes here")
    await crew.goes_in("A", "B")
    async with crew.world.database.transaction() as tx:
        await _hold(tx, crew.rows["A"].id)
        held = asyncio.create_task(crew.ok("A"))
        assert (await crew.ok("B"))[0] == 200
        assert not held.done()
    assert (await held)[0] == 200


async def _hold(tx: Tx, visit_id: UUID) -> None:
    await visits.load(tx, visit_id, lock=True)


async def test_a_worker_whose_name_no_key_opens_is_heard(crew: Crew) -> None:
    await crew.goes_in("A")
    await spoil_of(crew.world, "person SET name = :spoilt WHERE id", "A")
    assert (await crew.ok("A"))[0] == 200
