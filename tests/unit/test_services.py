"""The services that the other tests stand on are real, fresh for each test, and come back after a crash."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
import redis.asyncio
from playwright.async_api import async_playwright

from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer
from tests.services.run import Run, UnavailableError


@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_test_has_a_postgresql_database_of_its_own(postgres_url: str, time: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE TABLE left_behind (id int)")
    await connection.close()


async def test_a_killed_postgresql_comes_back_with_what_was_committed(own_postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(own_postgres.url())
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    await connection.execute("CHECKPOINT")
    own_postgres.kill()
    own_postgres.start()
    again = await asyncpg.connect(own_postgres.url())
    assert await again.fetchval("SELECT id FROM kept") == 1
    await again.close()
    connection.terminate()


@pytest.mark.parametrize("time", ["first", "second"])
async def test_each_test_has_an_empty_redis(redis_url: str, time: str) -> None:
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left behind", time)


async def test_a_killed_redis_comes_back_on_its_port(redis_server: RedisServer) -> None:
    redis_server.kill()
    redis_server.start()
    async with redis.asyncio.from_url(redis_server.url) as client:
        assert await client.ping()


async def test_chromium_reads_a_page(chromium_path: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path)
        page = await browser.new_page()
        await page.goto("data:text/html,<title>At the door</title>")
        assert await page.title() == "At the door"
        await browser.close()


def test_the_same_test_runs_on_both_databases(database_url: str, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["database_url"]
    assert database_url.startswith({"sqlite": "sqlite:///", "postgresql": "postgresql://"}[kind])


def test_what_is_not_to_be_had_is_looked_for_once(tmp_path: Path) -> None:
    run, looked = Run(tmp_path), []

    def look() -> dict[str, str]:
        looked.append(1)
        raise UnavailableError("no such thing here")

    for _ in range(2):
        with pytest.raises(UnavailableError, match="no such thing here"):
            run.once("thing", look)
    assert looked == [1]
