"""The canary: a visit of nobody's falls silent, its alarm is heard, and nobody real ever sees anything of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import func, select

from safety_service.actions import auditing, canary
from safety_service.actions.auditing import Audit
from safety_service.domain.canary import AGENCY, PEOPLE, WORKER, missed
from safety_service.services import Health
from safety_service.store import canary as rows
from safety_service.store import stamps, tallies
from safety_service.store.outbox import Outgoing
from safety_service.store.tables import metadata
from safety_service.store.tables.visits import visit
from safety_service.web.metrics_running import _canary as figures_of
from scheduler.canary import Canary, Wanted
from scheduler.dispatcher import Dispatcher
from tests.conftest import START
from tests.patience import until
from tests.world import MINUTE, World

HOUR = timedelta(hours=1)
HOURLY = Wanted(HOUR)
#: What stays for good, or is a note of the service's own; and who the canary's people are.
STAYS = {"event_log", "event_seal", "stamp", "lease", "agency", "team", "person", "membership", "channel"}
STAYS |= {"standing", "rota", "family"}


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> tallies.Tally:
    monkeypatch.setattr("scheduler.dispatcher.IDLE", 0.02)
    fresh = tallies.Tally()
    monkeypatch.setattr(tallies, "HERE", fresh)
    return fresh


@asynccontextmanager
async def kept(world: World, wanted: Wanted = HOURLY, holder: str = "one") -> AsyncIterator[Canary]:
    """Its keeper with an open ear, and a dispatcher that sends to it over HTTP."""
    keeper = Canary(world.database, wanted, holder)
    dispatcher = Dispatcher(world.database, [keeper.sender], holder=holder)
    async with keeper.listening():
        sending = asyncio.create_task(dispatcher.run())
        try:
            yield keeper
        finally:
            dispatcher.stop()
            await sending


async def came(world: World) -> stamps.Stamp | None:
    async with world.database.reading() as tx:
        return await stamps.last(tx, canary.CAME)


async def visits_of(world: World) -> int:
    async with world.database.reading() as tx:
        return len(await rows.visits(tx))


async def one_comes(world: World, keeper: Canary) -> None:
    """It begins, falls silent, is heard, ended and removed."""
    before = await came(world)
    await keeper.once()
    assert await visits_of(world) == 1
    for _ in range(40):
        world.clock.move(MINUTE / 4)
        await world.sweep()
        await keeper.once()
        if await visits_of(world) == 0:
            break
        async with world.database.reading() as tx:
            loud = bool(await rows.open_alerts(tx))
        if loud:
            await until(lambda: _is_newer(world, before), 30)
    assert await visits_of(world) == 0


async def _is_newer(world: World, before: stamps.Stamp | None) -> bool:
    last = await came(world)
    return last is not None and last != before


async def counts(world: World) -> dict[str, int]:
    async with world.database.reading() as tx:
        return {
            each.name: (await tx.conn.execute(select(func.count()).select_from(each))).scalar_one()
            for each in metadata.sorted_tables
            if each.name not in STAYS
        }


async def audit(world: World) -> Audit:
    async with world.database.transaction() as tx:
        for name in ("sweep", "dispatcher"):
            await stamps.stamp(tx, name)
        return await auditing.look(tx, polls=False)


@pytest.mark.parametrize("at", [START, START.replace(hour=2), START.replace(day=21, hour=23)])
async def test_a_visit_of_nobodys_falls_silent_and_its_alarm_is_heard(world: World, at: object) -> None:
    world.clock.at = at  # type: ignore[assignment]
    async with kept(world) as keeper:
        await one_comes(world, keeper)
    found, last = await audit(world), await came(world)
    assert last is not None and found.canary is not None
    assert 0 <= last.info["late"] < 60
    assert (found.canary.came_at, found.canary.missed, found.clean) == (last.at, 0, True)


async def test_when_it_is_over_nothing_of_it_is_left_and_nothing_of_anybodys_is_touched(world: World) -> None:
    await world.plan("Ann", after=24 * 60)
    async with kept(world) as keeper:
        before = await counts(world)
        for _ in range(2):
            await one_comes(world, keeper)
            world.clock.move(HOUR)
    assert await counts(world) == before


async def test_an_alert_of_somebody_real_has_the_next_number_although_a_canary_had_one(world: World) -> None:
    async with kept(world) as keeper:
        await one_comes(world, keeper)
        await world.inside("Ann")
        world.clock.move(3 * HOUR)
        await world.sweep()
    assert [each.alert.number for each in await world.alerts()] == [1]


async def test_one_that_does_not_come_is_a_warning_and_two_are_a_fault(world: World) -> None:
    """Nothing sends: what would be heard is not."""
    keeper = Canary(world.database, HOURLY, "one")
    found: list[tuple[int, bool, bool]] = []
    for _ in range(3 * 60 * 2):
        await keeper.once()
        world.clock.move(MINUTE / 2)
        await world.sweep()
        async with world.database.reading() as tx:
            seen = await canary.look(tx)
        assert seen is not None
        if not found or found[-1][0] != seen.missed:
            now = await audit(world)
            said = [any("fell silent" in each for each in those) for those in (now.warnings, now.faults)]
            found.append((seen.missed, said[0], said[1]))
    assert found == [(0, False, False), (1, True, False), (2, False, True)]


async def test_the_figures_say_when_it_came_and_how_many_did_not(world: World) -> None:
    async with kept(world) as keeper:
        await one_comes(world, keeper)
    now = (await audit(world)).canary
    given = {each.name: each.samples[0].value for each in figures_of(Health(canary=now))}
    last = await came(world)
    assert last is not None
    assert given == {
        "doorstep_canary_missed": 0,
        "doorstep_canary_last_success_timestamp_seconds": last.at.timestamp(),
        "doorstep_canary_lateness_seconds": last.info["late"],
    }
    assert list(figures_of(Health())) == []


async def test_of_several_schedulers_one_sends_it_out(world: World) -> None:
    keepers = [Canary(world.database, HOURLY, holder) for holder in ("one", "two", "three")]
    await asyncio.gather(*(each.once() for each in keepers))
    assert await visits_of(world) == 1


async def test_one_whose_process_died_is_ended_by_the_next_one(world: World) -> None:
    await Canary(world.database, HOURLY, "dead").once()
    world.clock.move(6 * MINUTE)
    await world.sweep()
    world.clock.move(20 * MINUTE)
    next_one = Canary(world.database, HOURLY, "two")
    await next_one.once()
    async with world.database.reading() as tx:
        assert not await rows.open_alerts(tx)
    world.clock.move(2 * MINUTE)
    await next_one.once()
    assert await visits_of(world) == 0


async def test_its_alarm_is_heard_by_whichever_process_sends_it(world: World) -> None:
    await Canary(world.database, HOURLY, "dead").once()
    world.clock.move(6 * MINUTE)
    await world.sweep()
    async with kept(world, holder="two"):
        await until(lambda: _is_newer(world, None), 30)


async def test_turned_off_it_leaves_nothing_and_is_not_missed(world: World) -> None:
    before = await counts(world)
    await Canary(world.database, HOURLY, "one").once()
    off = Canary(world.database, Wanted(None), "one")
    await off.once()
    assert await counts(world) == before
    world.clock.move(9 * HOUR)
    await off.once()
    found = await audit(world)
    assert (found.canary, found.clean) == (None, True)


async def test_after_the_service_was_away_it_is_waited_for_anew(world: World) -> None:
    async with kept(world) as keeper:
        await one_comes(world, keeper)
        world.clock.move(9 * HOUR)
        for _ in range(2):  # also before its keeper had a look
            found = await audit(world)
            assert found.canary is not None
            assert (found.canary.missed, found.clean) == (0, True)
            await keeper.once()


async def test_one_that_cannot_even_be_sent_out_is_missed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise ValueError("nobody plans a visit")

    keeper = Canary(world.database, HOURLY, "one")
    monkeypatch.setattr("safety_service.actions.planning.plan_visit", fails)
    for _ in range(3 * 60):
        with pytest.raises(ValueError, match="nobody plans"):
            await keeper.once()
        world.clock.move(MINUTE)
    found = (await audit(world)).canary
    assert found is not None
    assert found.missed == 2


async def test_strangers_are_not_heard(world: World) -> None:
    async with kept(world) as keeper, aiohttp.ClientSession() as outside:
        assert keeper.sender.url is not None
        base = keeper.sender.url.rpartition("/")[0]
        async with outside.post(f"{base}/guess", json={"template": "alarm.", "alert": None}) as answer:
            assert answer.status == 404
        async with outside.post(keeper.sender.url, data=b"{") as answer:
            assert answer.status == 400


async def test_an_alarm_that_does_not_say_which_it_is_did_not_come(world: World) -> None:
    await Canary(world.database, HOURLY, "one").once()
    world.clock.move(6 * MINUTE)
    await world.sweep()
    async with world.database.transaction() as tx:
        (alert,) = await rows.open_alerts(tx)
        await canary.heard(tx, alert.id, "A message is waiting for you.")
        assert await stamps.last(tx, canary.CAME) is None


async def test_it_counts_in_no_histogram(world: World, counted: tallies.Tally) -> None:
    async with kept(world) as keeper:
        await one_comes(world, keeper)
    assert counted.empty


async def test_once_a_day_somebody_reads_that_they_come_and_that_it_was_a_test(world: World) -> None:
    said: list[Outgoing] = []

    async def say(messages: list[Outgoing]) -> int:
        said.extend(messages)
        return len(messages)

    async with kept(world, Wanted(HOUR, "4711")) as keeper:
        keeper.say = say
        for _ in range(3):
            await one_comes(world, keeper)
            await keeper.once()
            world.clock.move(HOUR)
        assert [(each.channel, each.address, each.template) for each in said] == [("telegram", "4711", "canary.came")]
        world.clock.move(24 * HOUR)
        await one_comes(world, keeper)
        await keeper.once()
    assert len(said) == 2


async def test_nobody_real_works_there(world: World) -> None:
    await Canary(world.database, HOURLY, "one").once()
    async with world.database.reading() as tx:
        (team_id,) = (await tx.conn.execute(select(visit.c.team_id).where(visit.c.agency_id == AGENCY))).scalars()
        person, membership = metadata.tables["person"], metadata.tables["membership"]
        there = (await tx.conn.execute(select(membership.c.person_id).where(membership.c.team_id == team_id))).scalars()
        assert set(there) == set(PEOPLE)
        marks = select(person.c.email_index, person.c.phone_index).where(person.c.agency_id == AGENCY)
        assert set((await tx.conn.execute(marks)).all()) == {(None, None)}
    assert WORKER not in world.ids.values()


def test_how_many_are_missed() -> None:
    takes = 6 * MINUTE
    at = [missed(START + minutes * MINUTE, START, HOUR, takes) for minutes in (0, 70, 71, 130, 131, 191)]
    assert at == [0, 0, 1, 1, 2, 3]
