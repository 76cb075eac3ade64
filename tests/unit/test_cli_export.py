"""`doorstep export`: a file of a period, for the whole agency, written by whoever holds the machine."""

import sqlite3
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from safety_service.actions import exports, figures_of_care
from tests.commands import Doorstep, in_an_empty_folder

command = import_module("safety_service.commands.export")


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """The command in an empty folder with an agency in a new database."""
    run = in_an_empty_folder(tmp_path, monkeypatch)
    run("migrate")
    run("agency", "add", "Elmshire")
    run("team", "add", "North")
    return run


@pytest.mark.parametrize("what", ["debriefs", "visits", "alerts", "care"])
def test_a_period_is_printed_as_rows(doorstep: Doorstep, what: str) -> None:
    said = doorstep("export", what, "--from", "2026-01-01", "--to", "2027-01-01").stdout
    assert "family" in said or "figure" in said


def test_a_paper_goes_to_a_file_that_only_its_owner_reads(doorstep: Doorstep, tmp_path: Path) -> None:
    period = ("--from", "2026-01-01", "--to", "2027-01-01", "--format", "pdf")
    assert "--out" in doorstep("export", "care", *period, fails=True).stderr
    doorstep("export", "care", *period, "--out", "care.pdf")
    paper = tmp_path / "care.pdf"
    assert paper.read_bytes().startswith(b"%PDF-") and paper.stat().st_mode & 0o077 == 0


def test_a_period_that_cannot_be_is_refused_in_a_sentence(doorstep: Doorstep) -> None:
    assert (
        "after the beginning"
        in doorstep("export", "visits", "--from", "2027-01-01", "--to", "2026-01-01", fails=True).stderr
    )
    assert "not a time" in doorstep("export", "visits", "--from", "soon", "--to", "2026-01-01", fails=True).stderr


@pytest.mark.parametrize("what", ["debriefs", "visits", "alerts", "care"])
def test_a_service_writes_on_while_a_period_is_exported_and_only_then_that_it_was_is_kept(
    doorstep: Doorstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (file,) = tmp_path.rglob("*.db")
    wrote: list[int] = []

    def somebody_writes() -> None:
        other = sqlite3.connect(file, timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        wrote.append(other.execute("SELECT count(*) FROM event_log WHERE verb = 'exported'").fetchone()[0])
        other.execute("ROLLBACK")
        other.close()

    def meanwhile(module: ModuleType, name: str) -> None:
        real = getattr(module, name)

        def slow(*args: Any) -> Any:
            somebody_writes()
            return real(*args)

        monkeypatch.setattr(module, name, slow)

    meanwhile(exports if what != "care" else figures_of_care, "scope_of")
    meanwhile(command, "written")
    doorstep("export", what, "--from", "2026-01-01", "--to", "2027-01-01")
    assert wrote == [0, 0]
    somebody_writes()
    assert wrote[-1] == 1, "who takes something out leaves that in the log"
