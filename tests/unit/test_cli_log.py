"""`doorstep log`: what it says of a log that is whole, of one that is not, and of an alert."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner

from safety_service import cli
from safety_service.actions import cases, event_chain, scene
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Kind
from safety_service.store import keyfile, people, sealing
from safety_service.store.database import Database, Tx
from safety_service.store.sealing import KeyRing
from tests.commands import Doorstep, in_an_empty_folder

FILE = Path("var/doorstep.db")
Result = TypeVar("Result")


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """A command line with an agency in its database."""
    command = in_an_empty_folder(tmp_path, monkeypatch)
    command("migrate")
    command("agency", "add", "Northfield")
    command("team", "add", "Intake")
    command(
        "people",
        "add",
        "--name",
        "Ann Field",
        "--email",
        "ann@example.org",
        "--team",
        "Intake",
        "--role",
        "practitioner",
    )
    return command


def within(work: Callable[[Tx], Awaitable[Result]]) -> Result:
    """Do this in the command line's own database, as a running service would."""

    async def whole() -> Result:
        sealing.use(KeyRing(keyfile.KEY_FILE.read_text().split()))
        database = await Database.open(f"sqlite:///{FILE}")
        try:
            async with database.transaction() as tx:
                return await work(tx)
        finally:
            await database.close()

    return asyncio.run(whole())


async def all_linked(tx: Tx) -> None:
    """Everything that there is, as if it had settled."""
    tx.now += timedelta(minutes=1)
    await event_chain.extend(tx, 1000)


def test_a_log_that_nobody_changed_is_said_to_be_so_with_its_end(doorstep: Doorstep) -> None:
    assert "has not begun" in doorstep("log", "head").stdout
    assert doorstep("log", "verify").stdout.splitlines()[-1] == "Nothing was changed."
    within(all_linked)
    said = doorstep("log", "verify").stdout
    end = doorstep("log", "head").stdout.strip()
    assert f"The chain ends at {end}" in said and "Nothing was changed." in said
    doorstep("team", "add", "Court")
    assert "1 are not linked yet" in doorstep("log", "verify", "--head", end).stdout


def test_a_change_is_a_line_and_the_exit_says_so(doorstep: Doorstep) -> None:
    within(all_linked)
    end = doorstep("log", "head").stdout.strip()
    with closing(sqlite3.connect(FILE)) as raw, raw:
        raw.execute("DROP TRIGGER event_log_refuses_update")
        raw.execute("UPDATE event_log SET verb = 'read' WHERE verb = 'added' AND subject = 'team'")
    failed = doorstep("log", "verify", fails=True)
    assert "read team" in failed.stdout and "changed" in failed.stdout
    assert "1 finding: this log is not as it was written." in failed.stderr
    number, _, digest = end.partition(":")
    later = f"{int(number) + 1}:{digest}"
    assert "was there once" in doorstep("log", "verify", "--head", later, fails=True).stdout


def test_an_end_that_is_none_is_said(doorstep: Doorstep) -> None:
    refused = CliRunner().invoke(cli.doorstep, ["log", "verify", "--head", "yesterday"])
    assert refused.exit_code == 2 and "as `doorstep log head` says" in refused.output


def test_an_alerts_timeline_is_printed_by_its_number(doorstep: Doorstep) -> None:
    async def cry(tx: Tx) -> None:
        [ann] = await people.every(tx)
        here = await scene.of_worker(tx, ann.id)
        await cases.raise_without_visit(tx, here, RaiseAlert(ann.id, Kind.SOS, tx.now, tx.now))

    within(cry)
    said = doorstep("log", "alert", "1").stdout
    assert said.startswith("ALERT 1: call for help\nNorthfield.") and "Worker: Ann Field" in said
    assert doorstep("log", "alert", "2", fails=True).stderr == "There is nothing with that name or id.\n"
