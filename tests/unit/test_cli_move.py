"""`doorstep move`: what an administrator types, and what they are told."""

import sqlite3
from pathlib import Path

import pytest

from safety_service.store.errors import DatabaseAway
from tests.commands import Doorstep, in_an_empty_folder


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    run = in_an_empty_folder(tmp_path, monkeypatch)
    run("migrate")
    run("agency", "add", "Northshire")
    return run


def test_it_says_what_was_moved_what_was_checked_and_what_is_to_be_done_next(
    doorstep: Doorstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "address").write_text("sqlite:///new/doorstep.db\n")
    said = doorstep("move", "var/doorstep.db", "address").output
    assert "Moved: " in said and "agencies: 1," in said
    assert "is what was sent" in said and "opens with the keys" in said and "The evidence log is whole" in said
    assert "Set DOORSTEP_DATABASE_URL to the new one (sqlite:///new/doorstep.db)" in said
    assert "Keep the old one as it is. It is marked" in said
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", "sqlite:///new/doorstep.db")
    assert "Northshire" in doorstep("agency", "list").output
    doorstep("log", "verify")


def test_on_the_old_one_nothing_is_said_to_nobody(doorstep: Doorstep) -> None:
    """With the address unchanged each of these began on yesterday's people, or on an empty database."""
    doorstep("move", "var/doorstep.db", "sqlite:///new/doorstep.db")
    for words in (("serve",), ("migrate",), ("agency", "add", "Oakshire"), ("keys", "rotate"), ("doctor",)):
        said = doorstep(*words, fails=True).output
        assert "was moved to another on" in said and "DOORSTEP_DATABASE_URL" in said, words


def test_a_mark_that_could_not_be_set_is_said(doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_old: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr("safety_service.store.moving._mark", fails)
    said = doorstep("move", "var/doorstep.db", "sqlite:///new/doorstep.db").output
    assert "could not be marked as moved: see to it that nothing starts on it" in said


def test_a_service_that_runs_is_not_moved_away_under(doorstep: Doorstep, tmp_path: Path) -> None:
    running = sqlite3.connect("var/doorstep.db")
    running.execute("SELECT count(*) FROM agency").fetchone()
    said = doorstep("move", "var/doorstep.db", "sqlite:///new/doorstep.db", fails=True).output
    running.close()
    assert said.startswith("Nothing was moved: the old database: the service is still running")
    assert not (tmp_path / "new/doorstep.db").exists()


def test_what_is_no_address_is_said_without_the_password(doorstep: Doorstep) -> None:
    for words in (("var/doorstep.db", "mysql://me:hidden@there/it"), ("none", "sqlite:///new.db"), ("a://[", "b")):
        with pytest.raises(AssertionError, match="Invalid value") as raised:
            doorstep("move", *words)
        assert "hidden" not in str(raised.value)


def test_a_new_file_is_named_by_its_address_and_whoever_names_a_path_reads_so(
    doorstep: Doorstep, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=r"a new database is named by its address, sqlite:///var/embedded\.db"):
        doorstep("move", "var/doorstep.db", "var/embedded.db")
    assert not (tmp_path / "var/embedded.db").exists()
    doorstep("move", "var/doorstep.db", "sqlite:///var/embedded.db")
