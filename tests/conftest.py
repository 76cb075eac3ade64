"""What every test may ask for: real services, started when the first test asks, ended with the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from safety_service.store import sealing
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.hot import InProcessHot
from safety_service.store.sealing import KeyRing
from tests.services.chromium import chromium
from tests.services.postgres import PostgresServer, new_postgres, shared_postgres
from tests.services.redis import RedisServer, start_redis
from tests.services.run import Run, UnavailableError, in_memory
from tests.services.template import TEST_KEY, postgres_copy, sqlite_template
from tests.world import World, build

THIS_RUN = pytest.StashKey[Run]()
Service = TypeVar("Service")
#: A Monday morning in winter, when London's clocks say the same as UTC.
START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    handed_down = getattr(config, "workerinput", None)
    if handed_down:
        config.stash[THIS_RUN] = Run(Path(handed_down["doorstep_run"]))
        return
    memory = in_memory()
    if memory is not None:
        # Where pytest makes each test's own folder.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    run = config.stash[THIS_RUN] = Run.begin(memory)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        # Where nothing may be kept beside the code, each of some hundred processes would compile all of it anew.
        os.environ["PYTHONPYCACHEPREFIX"] = str(run.folder / "compiled")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n logical`: one more than there are cores. Half of its time a test waits, for a page or a process."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["doorstep_run"] = str(node.config.stash[THIS_RUN].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and THIS_RUN in config.stash:
        config.stash[THIS_RUN].end()


def had(get: Callable[[Run], Service], run: Run) -> Service:
    """The service; or the test is skipped, saying which is missing and why. In CI that is a failure."""
    try:
        return get(run)
    except UnavailableError as missing:
        why = str(missing)
    if os.environ.get("CI") == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


@pytest.fixture(scope="session")
def service_run(pytestconfig: pytest.Config) -> Run:
    return pytestconfig.stash[THIS_RUN]


@pytest.fixture(scope="session")
def postgres_server(service_run: Run) -> PostgresServer:
    """Shared by all workers: a test that stops or kills a server asks for `own_postgres`."""
    return had(shared_postgres, service_run)


@pytest.fixture
def own_postgres(service_run: Run) -> Iterator[PostgresServer]:
    """A server for this test alone, empty, to stop, kill and start again."""
    server = had(new_postgres, service_run)
    yield server
    if server.running():
        server.stop()


@pytest.fixture
async def postgres_url(service_run: Run, postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A fresh database with the newest schema."""
    async with postgres_copy(service_run, postgres_server) as url:
        yield url


@pytest.fixture
async def sqlite_url(service_run: Run, tmp_path: Path) -> str:
    """A fresh database file with the newest schema."""
    template = await sqlite_template(service_run)
    database = tmp_path / "doorstep.db"
    if template.exists():
        shutil.copyfile(template, database)
    return f"sqlite:///{database}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both kinds of database."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture(scope="session")
def redis_server(service_run: Run) -> Iterator[RedisServer]:
    """This worker's own: a test may stop, kill and start it."""
    server = had(start_redis, service_run)
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.start()
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def chromium_path(service_run: Run) -> Path:
    return had(chromium, service_run)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The store, open on a fresh database, on either kind; `database.clock` stands still until it is moved."""
    sealing.use(KeyRing([TEST_KEY]))
    opened = await Database.open(database_url, clock=SetClock(START), hot=InProcessHot())
    yield opened
    await opened.close()


@pytest.fixture
def clock(database: Database) -> SetClock:
    """The database's clock, to be moved."""
    assert isinstance(database.clock, SetClock)
    return database.clock


@pytest.fixture
async def world(database: Database) -> World:
    """A small agency on either kind of database."""
    return await build(database)
