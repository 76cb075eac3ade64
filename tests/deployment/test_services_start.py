"""Every service of docker-compose.yml really starts from what the image holds, says that it lives, and stops well."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from config.duration import parse_duration
from tests.deployment.containers import Container, Image, Stack
from tests.deployment.files import ROOT, copied, is_left_out, ours, services
from tests.deployment.inside import everybodys_folder, give, who
from tests.deployment.test_image import health_check
from tests.patience import until
from tests.services.postgres import PostgresServer
from tests.services.process import free_port, run_as
from tests.services.redis import RedisServer
from tests.services.template import execute

SERVED = ["web", "bot", "scheduler", "scheduler"]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with everybodys_folder() as folder:
        yield Image.build(folder)


@pytest.fixture
async def empty_database(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """As the database's own container makes it: there is nothing in it."""
    name = f"test_{uuid.uuid4().hex}"
    await execute(postgres_server, f'CREATE DATABASE "{name}"')
    yield postgres_server.url(name)
    await execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def folder() -> Iterator[Path]:
    with everybodys_folder() as made:
        yield made


@pytest.fixture
def stack(image: Image, folder: Path, empty_database: str, redis_url: str) -> Stack:
    return Stack.prepare(image, folder, empty_database, redis_url)


@pytest.fixture
def begun() -> Iterator[list[Container]]:
    containers: list[Container] = []
    yield containers
    for each in containers:
        each.kill()


def test_nothing_of_the_packages_is_left_out_of_the_image(image: Image) -> None:
    def files(root: Path) -> set[str]:
        packages = [source for source, _ in copied() if (ROOT / source).is_dir()]
        found = {str(file.relative_to(root)) for name in packages for file in (root / name).rglob("*.*")}
        return {each for each in found if "__pycache__" not in each and (ROOT / each).is_file()}

    assert {each for each in files(ROOT) - files(image.site) if not is_left_out(each)} == set()


async def test_all_of_them_start_live_are_well_and_stop(stack: Stack, begun: list[Container]) -> None:
    migrate = stack.begin("migrate")
    assert migrate.process is not None and migrate.process.wait(120) == 0, migrate.said()
    assert "The database is up to date." in migrate.said()
    begun += [stack.begin(name, number) for number, name in enumerate(SERVED)]
    for each in begun:
        await each.alive(health_check()[1:])
        _is_nobody_else(each)
    async with aiohttp.ClientSession() as outside:

        async def ready() -> bool:
            async with outside.get(f"http://127.0.0.1:{stack.port}/health/ready") as answer:
                return answer.status == 200

        await until(ready, 60.0, every=0.5)
        async with outside.get(f"http://127.0.0.1:{stack.port}/static/web/board.css") as style:
            assert style.status == 200, "what is not Python is in the image, too"
    code, said = await begun[0].run("doctor")
    assert code == 0, said
    for each, name in zip(begun, SERVED, strict=True):
        assert await each.stopped(parse_duration(ours()[name]["stop_grace_period"]).total_seconds()) == 0, each.said()
        assert {path.relative_to(each.home).parts[0] for path in each.home.rglob("*")} <= {"var"}
        _reads_as_json(each.said())


def _is_nobody_else(container: Container) -> None:
    """Neither the parent nor a child of it is root, or is of a group of somebody else's."""
    assert container.process is not None
    parent = psutil.Process(container.process.pid)
    for each in (parent, *parent.children(recursive=True)):
        assert each == parent or _runs_on_uvloop(each), "it is slower than it might be"
        if inside := who():
            groups = re.search(r"^Groups:(.*)$", Path(f"/proc/{each.pid}/status").read_text(), re.MULTILINE)
            assert set(each.uids()) == {inside["user"]} and set(each.gids()) == {inside["group"]}
            assert groups is not None and groups[1].split() == []


def _runs_on_uvloop(process: psutil.Process) -> bool:
    if not sys.platform.startswith("linux"):
        return True  # nobody says there what a process has loaded
    return any("uvloop" in mapped.path for mapped in process.memory_maps())


def _reads_as_json(said: str) -> None:
    for line in said.splitlines():
        if line.startswith("{"):
            assert {"at", "level", "process", "logger", "message"} <= set(json.loads(line))
        else:
            assert not line or line.startswith("Doorstep is at"), line


async def test_a_copy_is_made_and_put_back_as_the_runbook_says(
    image: Image, folder: Path, postgres_url: str, postgres_server: PostgresServer, redis_url: str
) -> None:
    commands = _commands(Stack.prepare(image, folder, postgres_url, redis_url))
    commands.environment["PATH"] = f"{postgres_server.programs}:{commands.environment['PATH']}"
    for words in (
        ("agency", "add", "Northshire"),
        ("backup", "copies/night.copy"),
        ("restore", "copies/night.copy", "--replace"),
        ("doctor",),
    ):
        code, said = await commands.run(*words)
        assert code == 0, said
    assert "Northshire" in (await commands.run("agency", "list"))[1]
    assert {path.name for path in commands.home.iterdir()} <= {"copies", "var"}, "nothing else can be written there"


async def test_what_is_brought_in_and_what_is_made_goes_by_copies(
    image: Image, folder: Path, postgres_url: str, redis_url: str
) -> None:
    commands = _commands(Stack.prepare(image, folder, postgres_url, redis_url))
    for name, text in {
        "people.csv": "agency,team,name,email,roles\nNorthshire,West,Jo Field,jo@northshire.example,practitioner\n",
        "agency.toml": '[risk.medium]\ninterval = "20m"\n',
    }.items():
        (commands.home / "copies" / name).write_text(text)
        give(commands.home / "copies" / name).chmod(0o400)
    for words in (
        ("agency", "add", "Northshire"),
        ("people", "import", "copies/people.csv"),
        ("policy", "check", "copies/agency.toml"),
        ("export", "care", "--from", "2026-01-01", "--to", "2027-01-01", "--out", "copies/care.csv"),
    ):
        code, said = await commands.run(*words)
        assert code == 0, said
    assert "Jo Field" in (await commands.run("people", "list"))[1]
    assert (commands.home / "copies/care.csv").stat().st_size
    code, said = await commands.run("export", "care", "--from", "2026-01-01", "--to", "2027-01-01", "--out", "care.csv")
    assert code == 1, "nothing can be written beside copies/"


async def test_an_agency_of_an_embedded_database_comes_along_as_the_runbook_says(
    image: Image, folder: Path, empty_database: str, redis_url: str
) -> None:
    old = folder / "old"
    old.mkdir()
    for words in (("migrate",), ("agency", "add", "Northshire")):
        ours_alone = [sys.executable, "-m", "safety_service", *words]
        plain = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        subprocess.run(ours_alone, cwd=old, env=plain, check=True, capture_output=True)
    stack = Stack.prepare(image, folder, empty_database, redis_url, keys=(old / "var/secret_keys").read_text().strip())
    commands = _commands(stack)
    moved = ("move", str(old / "var/doorstep.db"), str(stack.folder / "secrets/database_url"))
    if who():
        code, said = await commands.run(*moved)
        assert code != 0, "it is somebody else's"
    for each in (old / "var", *(old / "var").iterdir()):
        give(each)
    code, said = await commands.run(*moved)
    assert code == 0, said
    code, said = await commands.run("agency", "list")
    assert "Northshire" in said and code == 0, said


def _commands(stack: Stack) -> Container:
    """Where `docker compose run --rm doorstep` types its words."""
    commands = stack.begin("doorstep")
    assert commands.process is not None and commands.process.wait(60) == 0, commands.said()
    return commands


async def test_a_secret_that_everybody_can_read_keeps_it_from_starting(stack: Stack, begun: list[Container]) -> None:
    (stack.folder / "secrets/secret_keys").chmod(0o444)
    migrate = stack.begin("migrate")
    begun.append(migrate)
    assert migrate.process is not None and migrate.process.wait(60) == 1
    assert "DOORSTEP_SECRET_KEYS_FILE: everybody here can read" in migrate.said()


def test_the_databases_health_check_is_answered(postgres_server: PostgresServer, tmp_path: Path) -> None:
    _, program, *words = services()["postgres"]["healthcheck"]["test"]
    assert "--host=127.0.0.1" in words, "the socket is answered while the database is still being made"
    here = f"--port={postgres_server.port}"
    run_as(None, [str(postgres_server.programs / program), *words, here], tmp_path)


async def test_redis_starts_with_its_words_and_answers_its_health_check(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    server, *words = services()["redis"]["command"]
    assert server == "redis-server"
    port = str(free_port())
    running = subprocess.Popen(
        [str(redis_server.program), *words, "--port", port, "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    _, program, *asked = services()["redis"]["healthcheck"]["test"]

    def answers() -> bool:
        ping = [str(redis_server.program.with_name(program)), "-p", port, *asked]
        return subprocess.run(ping, capture_output=True, check=False).stdout.strip() == b"PONG"

    try:
        await until(answers, every=0.1)
    finally:
        running.terminate()
        running.wait(10)
