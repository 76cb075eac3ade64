"""What the stories are told on: SQLite alone, and PostgreSQL with Redis; and a day that is lived twice."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from safety_service.store import sealing
from safety_service.store.sealing import KeyRing
from tests.conftest import START
from tests.services.postgres import PostgresServer
from tests.services.run import Run
from tests.services.template import TEST_KEY, postgres_copy, sqlite_template
from tests.twins import Days, twin_in


@pytest.fixture
def hot_url(request: pytest.FixtureRequest, database_url: str) -> str | None:
    """Redis beside PostgreSQL; SQLite does without."""
    if database_url.startswith("sqlite"):
        return None
    url: str = request.getfixturevalue("redis_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
async def urls(request: pytest.FixtureRequest, service_run: Run, tmp_path: Path) -> AsyncIterator[list[str]]:
    """Two fresh databases of the same kind."""
    sealing.use(KeyRing([TEST_KEY]))
    if request.param == "sqlite":
        template = await sqlite_template(service_run)
        files = [tmp_path / f"{name}.db" for name in ("normal", "duress")]
        for each in files:
            shutil.copyfile(template, each)
        yield [f"sqlite:///{each}" for each in files]
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    async with postgres_copy(service_run, server) as normal, postgres_copy(service_run, server) as duress:
        yield [normal, duress]


@pytest.fixture
async def days(urls: list[str]) -> AsyncIterator[Days]:
    """Two identical days, in one of which the worker is under duress."""
    async with AsyncExitStack() as stack:
        normal, duress = [await stack.enter_async_context(twin_in(url, START)) for url in urls]
        both = Days(normal, duress)
        for who in ("Ann", "Ben"):
            await both.both(lambda twin, who=who: twin.settle(who))  # type: ignore[misc]
        yield both
