"""Secret keys that are missing: nothing starts, what to do is said, and nothing is made or overwritten."""

from pathlib import Path

import pytest

from safety_service.store import keyfile
from safety_service.store.sealing import new_key
from tests.commands import Doorstep, in_an_empty_folder


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    return in_an_empty_folder(tmp_path, monkeypatch)


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file in it. SQLite's own notes beside the database say nothing."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if not each.name.endswith(("-wal", "-shm"))}


@pytest.mark.parametrize("words", [("migrate",), ("serve",), ("people", "list"), ("backup", "copy")])
def test_a_key_file_that_is_gone_is_never_made_anew_while_the_database_is_there(
    doorstep: Doorstep, words: tuple[str, ...]
) -> None:
    doorstep("migrate")
    keyfile.KEY_FILE.unlink()
    before = content_of(keyfile.KEY_FILE.parent)
    said = doorstep(*words, fails=True).output
    assert "secret keys are not" in said and "back from your copy" in said
    assert content_of(keyfile.KEY_FILE.parent) == before


def test_without_a_database_keys_are_made_only_where_one_is_made(doorstep: Doorstep) -> None:
    assert "`doorstep migrate` makes it" in doorstep("people", "list", fails=True).output
    assert not keyfile.KEY_FILE.parent.exists()
    doorstep("migrate")
    assert keyfile.KEY_FILE.exists()


@pytest.mark.parametrize("words", [("migrate",), ("serve",), ("people", "list")])
def test_keys_of_another_database_are_refused_and_nothing_is_touched(
    doorstep: Doorstep, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    doorstep("migrate")
    before = content_of(keyfile.KEY_FILE.parent)
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", new_key())
    monkeypatch.setenv("DOORSTEP_LISTEN", "127.0.0.1:0")
    said = doorstep(*words, fails=True).output
    assert "do not open this database" in said and "Put back" in said
    assert content_of(keyfile.KEY_FILE.parent) == before


def test_keys_that_are_set_count_and_the_file_is_left_alone(
    doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_SECRET_KEYS", new_key())
    doorstep("migrate")
    assert not keyfile.KEY_FILE.exists()


def test_a_key_file_that_others_can_read_is_said_at_every_start(doorstep: Doorstep) -> None:
    doorstep("migrate")
    keyfile.KEY_FILE.chmod(0o644)
    assert "Others can read var/secret_keys" in doorstep("migrate").output


def test_a_key_file_that_is_cut_short_is_said_without_its_content(doorstep: Doorstep) -> None:
    doorstep("migrate")
    cut = keyfile.KEY_FILE.read_text()[:20]
    keyfile.KEY_FILE.write_text(cut)
    said = doorstep("migrate", fails=True).output
    assert "secret key 1 is not 32 bytes" in said and cut not in said
    keyfile.KEY_FILE.write_text("")
    assert "at least one secret key is needed" in doorstep("migrate", fails=True).output
    assert keyfile.KEY_FILE.read_text() == ""


def test_doctor_says_which(doorstep: Doorstep) -> None:
    doorstep("migrate")
    keyfile.KEY_FILE.unlink()
    assert "keys: there are none, and the database is there" in doorstep("doctor", fails=True).output
