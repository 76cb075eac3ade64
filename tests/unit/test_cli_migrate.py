"""`doorstep migrate` where the database is not there yet: everything else waits for it, and nobody starts it again."""

from pathlib import Path

import pytest

from config.settings import Settings
from safety_service.commands import files, migrate
from safety_service.store.errors import CannotKeep, DatabaseAway
from tests.commands import Doorstep, in_an_empty_folder
from tests.services.process import free_port
from tests.services.template import TEST_KEY


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    return in_an_empty_folder(tmp_path, monkeypatch)


def fails_first(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> list[Exception]:
    """The database answers only after these; gives those that are still to come."""
    left = list(errors)

    async def upgrade(read: Settings) -> None:
        if left:
            raise left.pop(0)
        await files.upgrade(read)

    monkeypatch.setattr(migrate, "upgrade", upgrade)
    return left


def test_a_database_that_is_only_starting_is_waited_for_aloud(
    doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_first(monkeypatch, DatabaseAway("no connection"), DatabaseAway("no connection"))
    said = doorstep("migrate")
    assert said.stderr.count("Waiting for the database: no connection") == 2
    assert said.stdout == "The database is up to date.\n"


def test_one_that_never_comes_is_given_up_and_said(doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "WITHIN", 0.5)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", TEST_KEY)
    monkeypatch.setenv("DOORSTEP_DATABASE_URL", f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing")
    said = doorstep("migrate", fails=True).stderr
    assert "Waiting for the database" in said and "The database does not answer" in said.splitlines()[-1]
    assert "secret" not in said


def test_a_full_disk_is_said_at_once(doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch) -> None:
    left = fails_first(monkeypatch, CannotKeep("the disk is full"), DatabaseAway("asked again"))
    assert doorstep("migrate", fails=True).stderr == "The database does not answer: the disk is full\n"
    assert len(left) == 1
