"""`doorstep serve`, with real processes: whatever ends is started again, and a stop is a stop."""

import asyncio
import re
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import aiohttp
import psutil
import pytest
from sqlalchemy import select

from safety_service.actions import planning, words
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox
from scheduler.watchdog import PATIENCE
from tests.patience import until
from tests.stories.harness import Service, serving
from tests.world import build


def pids(service: Service) -> dict[str, int]:
    return {roles: child.pid for roles, child in service.children().items()}


async def test_on_sqlite_one_child_does_everything_and_stops_when_it_is_told(tmp_path: Path, sqlite_url: str) -> None:
    async with serving(tmp_path / "service", sqlite_url) as service:
        assert list(service.children()) == ["web,bot,scheduler"]
        children = service.parent.children()
        assert await service.stop() == 0
        assert not any(child.is_running() for child in children)
    assert "Traceback" not in service.said()


async def test_on_postgresql_each_role_has_a_child(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    async with serving(tmp_path / "service", postgres_url, redis_url=redis_url) as service:
        assert sorted(service.children()) == ["bot", "scheduler", "web"]
        assert await service.stop() == 0
    assert "Traceback" not in service.said()


@pytest.mark.parametrize("role", ["web", "bot", "scheduler"])
async def test_a_child_that_is_killed_is_started_again_and_no_other_notices(
    tmp_path: Path, postgres_url: str, role: str
) -> None:
    async with serving(tmp_path / "service", postgres_url) as service:
        before = pids(service)
        service.child(role).kill()
        await service.other_child(role, than=before[role])
        await service.ready()
        after = pids(service)
    assert {other for other in before if before[other] != after[other]} == {role}


async def test_on_sqlite_a_killed_child_is_started_again(tmp_path: Path, sqlite_url: str) -> None:
    async with serving(tmp_path / "service", sqlite_url) as service:
        before = service.child("scheduler").pid
        service.child("scheduler").kill()
        await service.other_child("scheduler", than=before)
        await service.ready()


async def test_children_do_not_outlive_a_parent_that_was_killed(tmp_path: Path, postgres_url: str) -> None:
    async with serving(tmp_path / "service", postgres_url) as service:
        children = list(service.children().values())
        service.parent.kill()
        await service.ended()
        _, left = await asyncio.to_thread(psutil.wait_procs, children, 15)
        assert left == []
        await service.start()


async def test_a_hung_sweep_ends_its_process_which_is_started_again(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path / "service", database_url) as service:
        hung = service.child("scheduler")
        service.hang_at("sweep:begin")
        await service.crashed()
        await service.other_child("scheduler", than=hung.pid, within=PATIENCE + 20)
        await service.ready()
    assert "the sweep stood still" in service.said()
    assert "crash_point" in service.said(), "where it hung is said"


async def test_a_stop_while_the_sweep_hangs_is_a_stop_all_the_same(tmp_path: Path, sqlite_url: str) -> None:
    async with serving(tmp_path / "service", sqlite_url) as service:
        service.hang_at("sweep:begin")
        await service.crashed()
        children = service.parent.children()
        assert await service.stop() == 0
        assert not any(child.is_running() for child in children)


async def test_after_being_down_it_owns_up_once(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path / "service", database_url) as service, service.database() as database:
        world = await build(database)
        async with database.transaction() as tx:
            ann = await world.actor(tx, "Ann")
            request = PlanRequest(
                family_ref="F-1",
                starts_at=tx.now,
                ends_at=tx.now + timedelta(hours=1),
                address_text="1 Elm Row",
                purpose="plan",
            )
            row = await planning.plan_visit(tx, ann, request)
            await words.begin(tx, ann, row.id, Word())
        service.kill()
        service.skip(300)
        await service.start()

        async def all_told() -> bool:
            return len(await gaps_told(database)) >= 3

        # Workers may be many: they are told after the watch is kept again, some at a time.
        await until(all_told)
        assert await gaps_told(database) == ["gap.administrator", "gap.manager", "gap.worker"]


async def gaps_told(database: Database) -> list[str]:
    async with database.reading() as tx:
        query = select(outbox.c.template).where(outbox.c.template.like("gap.%")).order_by(outbox.c.template)
        return list((await tx.conn.execute(query)).scalars())


async def test_a_clock_that_is_set_while_it_runs_is_owned_up_to(tmp_path: Path, database_url: str) -> None:
    async with serving(tmp_path / "service", database_url) as service:
        service.skip(3600)
        await service.ready()
        assert "nobody was watched" not in service.said()
        service.step_clock(5)
        await until(lambda: "nobody was watched" in service.said())


async def test_the_demonstration_prints_a_link_for_each_that_signs_in(tmp_path: Path, sqlite_url: str) -> None:
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    async with serving(tmp_path / "service", sqlite_url, demo=True) as service:
        await until(lambda: service.printed().count("/in/") == 4)
        links = dict(re.findall(r"(practitioner|manager|reviewer|administrator) .*(http\S+)", service.printed()))
        assert sorted(links) == ["administrator", "manager", "practitioner", "reviewer"]
        (another,) = re.findall(r"`(.+) sign-in NAME` makes another", service.printed())
        assert another == "doorstep" or Path(another.split()[0]).exists(), "make run puts nothing on anybody's path"
        async with aiohttp.ClientSession() as browser, browser.get(links["manager"]) as page:
            assert page.status == 200


async def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path, sqlite_url: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        async with serving(tmp_path / "service", sqlite_url, start=False) as service:
            service.port = other.getsockname()[1]
            await service.start(ready=False)
            assert await service.ended(within=30) == 1
    assert "Something else is already served at" in service.said()


def test_a_role_that_there_is_not_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "safety_service", "serve", "--roles", "web,chef"], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"chef" in done.stderr
