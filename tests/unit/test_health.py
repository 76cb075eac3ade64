"""/health and /metrics: what those outside see of the service."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from config.settings import Settings
from safety_service.actions import alerts, words
from safety_service.actions.figures import COPIED, figures, running
from safety_service.actions.words import Word
from safety_service.domain.words import Kind, State
from safety_service.services import DATABASE, HEALTH, HOT, SETTINGS, Health
from safety_service.store import alone, presence, stamps, tallies
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway
from safety_service.store.hot import InProcessHot, RedisHot
from safety_service.web import health, metrics
from safety_service.web.metrics_running import Parts, families
from scheduler.auditor import Auditor
from tests.danger import DURESS, agreed, inside_high
from tests.services.redis import RedisServer
from tests.world import World

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setattr("scheduler.auditor.FRESH", 0.0)
    async with asked_of(world) as client:
        yield client


@asynccontextmanager
async def asked_of(world: World, **settings: Any) -> AsyncIterator[Client]:
    """A web process with these settings."""
    app = web.Application()
    app[DATABASE] = world.database
    app[HOT] = InProcessHot()
    app[SETTINGS] = Settings(_env_file=None, **settings)
    app[HEALTH] = Auditor(world.database, polls=False).health
    app.router.add_routes(health.routes)
    app.router.add_routes(metrics.routes)
    async with TestClient(TestServer(app)) as client:
        yield client


async def at_work(world: World) -> None:
    async with world.database.transaction() as tx:
        for name in ("sweep", "dispatcher"):
            await stamps.stamp(tx, name)


async def test_a_process_that_answers_is_alive(client: Client) -> None:
    assert (await client.get("/health/live")).status == 200


async def test_a_service_that_keeps_the_watch_is_ready(client: Client, world: World) -> None:
    await at_work(world)
    answer = await client.get("/health/ready")
    assert (answer.status, await answer.json()) == (200, {"ready": True, "faults": [], "warnings": [], "notes": []})


async def test_redis_that_is_away_is_noted_and_counts_as_no_finding(client: Client, world: World) -> None:
    await at_work(world)
    async with world.database.transaction() as tx:
        await alone.say(tx, "one", 2)
    body = await (await client.get("/health/ready")).json()
    assert (body["ready"], body["warnings"]) == (True, [])
    assert "Redis is away" in body["notes"][0]
    found = await values(client)
    assert [found[f"doorstep_audit_findings[('kind', '{kind}')]"] for kind in ("fault", "warning")] == [0, 0]


async def test_a_web_process_that_alone_does_not_reach_redis_says_so_and_not_twice(world: World) -> None:
    await at_work(world)
    assert isinstance(world.database.hot, InProcessHot)
    world.database.hot.apart = 2
    ours = await Auditor(world.database, polls=False).health()
    assert ours.notes == ("Redis is away for this web process alone: its pages hear late",)
    async with world.database.transaction() as tx:
        await alone.say(tx, "a dispatcher", 1)
    assert (await Auditor(world.database, polls=False).health()).notes == ("Redis is away",)


async def test_a_watch_that_lags_is_503_and_says_why(client: Client, world: World) -> None:
    await world.inside("Ann")
    world.clock.move(timedelta(hours=2))
    await at_work(world)
    answer = await client.get("/health/ready")
    assert answer.status == 503
    assert "1 alarms were not raised" in (await answer.json())["faults"][0]


async def test_a_database_that_is_away_is_503_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def away(self: Database) -> AsyncIterator[Any]:
        raise DatabaseAway("gone")
        yield

    monkeypatch.setattr(Database, "reading", away)
    ready, figures = await client.get("/health/ready"), await client.get("/metrics")
    assert (ready.status, figures.status) == (503, 503)
    assert "the database does not answer" in (await ready.json())["faults"][0]


async def values(client: Client) -> dict[str, float]:
    text = await (await client.get("/metrics")).text()
    return {
        f"{sample.name}{sorted(sample.labels.items())}" if sample.labels else sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_metrics_of_the_contract_are_there_before_anything_happened(client: Client) -> None:
    assert {name.partition("[")[0] for name in await values(client)} >= {
        "doorstep_watch_lag_seconds",
        "doorstep_visits_watched",
        "doorstep_alerts_open",
        "doorstep_outbox_pending",
        "doorstep_outbox_oldest_seconds",
        "doorstep_delivery_failures_total",
        "doorstep_deadline_lateness_seconds_bucket",
    }


async def test_no_metric_tells_duress_from_another_call_for_help(client: Client, world: World) -> None:
    await agreed(world)
    row = await inside_high(world)
    assert (await values(client))["doorstep_alerts_open[('kind', 'sos')]"] == 0
    await world.do("Ann", words.ok, row.id, Word(phrase=DURESS))
    assert (await world.alert()).alert.kind is Kind.DURESS
    assert (await values(client))["doorstep_alerts_open[('kind', 'sos')]"] == 1
    assert "duress" not in await (await client.get("/metrics")).text()
    await world.do("Ann", words.sos, row.id, Word())
    assert (await values(client))["doorstep_alerts_open[('kind', 'sos')]"] == 2


async def test_the_metrics_say_what_is_going_on(client: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "HERE", tallies.Tally())
    await world.inside("Ann")
    world.clock.move(timedelta(hours=2))
    late = (await values(client))["doorstep_watch_lag_seconds"]
    await world.sweep()
    world.clock.move(timedelta(seconds=5))
    tallies.HERE.delivered("telegram", 1, 0.3, 2.0)
    tallies.HERE.delivered("telegram", 1, 400.0, None)
    tallies.HERE.failed("telegram")
    tallies.HERE.failed("sms")
    await tallies.flush(world.database)
    found = await values(client)
    assert late > 3600
    assert found["doorstep_watch_lag_seconds"] == 0
    assert found["doorstep_visits_watched"] == 1
    assert found["doorstep_alerts_open[('kind', 'missed_check_in')]"] == 1
    assert found["doorstep_outbox_pending[('priority', 'alarm')]"] == 1
    assert found["doorstep_outbox_oldest_seconds"] >= 5
    label = "[('channel', 'telegram'), ('le', '{}'), ('priority', 'alarm')]"
    assert found["doorstep_delivery_seconds_bucket" + label.format("0.25")] == 0
    assert found["doorstep_delivery_seconds_bucket" + label.format("0.5")] == 1
    assert found["doorstep_delivery_seconds_bucket" + label.format("+Inf")] == 2
    assert found["doorstep_deadline_lateness_seconds_sum"] == 2.0
    assert found["doorstep_delivery_failures_total[('channel', 'telegram')]"] == 1
    assert found["doorstep_delivery_failures_total[('channel', 'sms')]"] == 1
    assert found["doorstep_delivery_failures_total[('channel', 'voice')]"] == 0


async def test_counts_go_on_where_they_were_after_a_restart(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        monkeypatch.setattr(tallies, "HERE", tallies.Tally())
        tallies.HERE.delivered("webchat", 0, 0.0, None)
        await tallies.flush(world.database)
    assert (await values(client))[
        "doorstep_delivery_seconds_count[('channel', 'webchat'), ('priority', 'danger')]"
    ] == 2


async def test_the_metrics_say_which_parts_are_there_and_which_have_fallen_silent(client: Client, world: World) -> None:
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, "sweep")
        await stamps.stamp(tx, COPIED)
    world.clock.move(timedelta(seconds=40))
    async with world.database.transaction() as tx:
        for holder in ("one:1:a", "two:2:b"):
            await presence.here(tx, ["scheduler"], holder)
    found = await values(client)
    assert found["doorstep_silent_seconds[('part', 'sweep')]"] == 40
    assert "doorstep_silent_seconds[('part', 'dispatcher')]" not in found, "who never began is not silent"
    assert found["doorstep_processes[('role', 'scheduler')]"] == 2
    assert found["doorstep_processes[('role', 'bot')]"] == 0
    assert found["doorstep_audit_findings[('kind', 'fault')]"] == 2, "no sweep for 40 s, and no dispatcher"
    assert found["doorstep_backup_age_seconds"] == 40
    assert "doorstep_redis_up" not in found


async def silent(client: Client, part: str) -> float | None:
    return (await values(client)).get(f"doorstep_silent_seconds[('part', '{part}')]")


async def test_where_telegram_was_turned_off_nobody_is_deaf_to_it(world: World) -> None:
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, "poller")
    world.clock.move(timedelta(days=3))
    async with asked_of(world) as turned_off:
        assert await silent(turned_off, "poller") is None
    async with asked_of(world, telegram_token="1:secret") as on:
        assert await silent(on, "poller") == timedelta(days=3).total_seconds()


async def test_what_never_worked_since_the_process_began_is_silent_since_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong token from the first day leaves no stamp, and neither does a service that was never found well."""
    monkeypatch.setattr(metrics, "BEGAN", time.monotonic() - 400)
    async with asked_of(world, telegram_token="1:wrong") as client:
        for part in ("poller", "auditor"):
            assert 400 <= (await silent(client, part) or 0) < 460


async def test_the_metrics_say_how_long_an_alert_is_nobodys(client: Client, world: World) -> None:
    await world.inside("Ann")
    world.clock.move(timedelta(hours=2))
    await world.sweep()
    world.clock.move(timedelta(seconds=50))
    found = await values(client)
    assert found["doorstep_alert_unowned_seconds"] == 50
    assert found["doorstep_outbox_waiting_seconds[('priority', 'alarm')]"] == 50
    assert found["doorstep_outbox_waiting_seconds[('priority', 'danger')]"] == 0
    await world.do("Mia", alerts.take, (await world.alert()).id)
    assert (await values(client))["doorstep_alert_unowned_seconds"] == 0


async def test_an_alert_that_was_taken_and_forgotten_is_nobodys_from_then_on(client: Client, world: World) -> None:
    """Counted from its opening, the alarm that nobody is reached would go off in the second in which others hear."""
    await world.inside("Ann")
    world.clock.move(timedelta(hours=2))
    await world.sweep()
    await world.do("Mia", alerts.take, (await world.alert()).id)
    row = await world.alert()
    while row.alert.state is State.TAKEN:
        world.clock.move(timedelta(minutes=5))
        await world.sweep()
        row = await world.alert()
    world.clock.move(timedelta(seconds=50))
    assert world.clock.at - row.alert.opened_at > timedelta(minutes=15)
    assert (await values(client))["doorstep_alert_unowned_seconds"] == 50


async def test_the_metrics_say_that_redis_is_away(world: World, redis_server: RedisServer) -> None:
    redis_server.start()
    hot = RedisHot(redis_server.url)
    assert await hot.answers()
    redis_server.stop()
    try:
        assert not await hot.answers()
        async with world.database.reading() as tx:
            now, there = await figures(tx), await running(tx, 0.0, hears=False)
        up = [each for each in families(Parts(there, Health(), redis=False), now) if each.name == "doorstep_redis_up"]
        assert up[0].samples[0].value == 0
    finally:
        await hot.close()
        redis_server.start()
