"""`doorstep backup` and `doorstep restore`: what an administrator types, and what they are told."""

import json
import stat
from pathlib import Path

import pytest

from safety_service.store import keyfile
from tests.commands import Doorstep, in_an_empty_folder


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    run = in_an_empty_folder(tmp_path, monkeypatch)
    run("migrate")
    run("agency", "add", "Northshire")
    return run


def agencies(doorstep: Doorstep) -> str:
    return str(doorstep("agency", "list").output)


def test_a_copy_is_made_and_put_back_and_what_came_later_is_gone(doorstep: Doorstep, tmp_path: Path) -> None:
    said = doorstep("backup", "night.copy").output
    assert "agencies: 1" in said and "the keys are not in it" in said
    assert stat.S_IMODE((tmp_path / "night.copy").stat().st_mode) == 0o600
    doorstep("agency", "add", "Oakshire")
    said = doorstep("restore", "night.copy", "--replace").output
    assert "Put back: " in said and "What was there before is in " in said
    assert "Then start the service" in said
    assert "Northshire" in agencies(doorstep) and "Oakshire" not in agencies(doorstep)
    kept = next(word.rstrip(".") for word in said.split() if word.rstrip(".").endswith(".copy") and "before" in word)
    doorstep("restore", kept, "--replace")
    assert "Oakshire" in agencies(doorstep)


def test_the_doctor_knows_when_a_copy_was_made(doorstep: Doorstep) -> None:
    assert "copies: `doorstep backup` has made none" in doorstep("doctor").output
    doorstep("backup", "night.copy")
    assert doorstep("doctor").output == "All is well.\n"


def test_people_who_are_there_are_not_replaced_by_mistake(doorstep: Doorstep) -> None:
    doorstep("backup", "night.copy")
    doorstep("agency", "add", "Oakshire")
    said = doorstep("restore", "night.copy", fails=True).output
    assert said.startswith("Nothing was changed: ") and "--replace" in said
    assert "Oakshire" in agencies(doorstep)


def test_on_a_new_machine_the_keys_have_to_be_there_first(
    doorstep: Doorstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doorstep("backup", "night.copy")
    keys = keyfile.KEY_FILE.read_text()
    new = tmp_path / "new"
    new.mkdir()
    monkeypatch.chdir(new)
    assert "There are no secret keys" in doorstep("restore", "../night.copy", fails=True).output
    assert list(new.iterdir()) == []
    doorstep("migrate")
    said = doorstep("restore", "../night.copy", fails=True).output
    assert "of the 1 keys that the copy needs, 1 are not there" in said
    (new / "var/doorstep.db").unlink()
    keyfile.KEY_FILE.write_text(keys)
    said = doorstep("restore", "../night.copy").output
    assert "before" not in said.split("Lost:")[0]
    assert "Northshire" in agencies(doorstep)


def test_a_copy_of_a_newer_version_is_refused(doorstep: Doorstep, tmp_path: Path) -> None:
    doorstep("backup", "night.copy")
    described = json.loads((tmp_path / "night.copy.json").read_text())
    (tmp_path / "night.copy.json").write_text(json.dumps({**described, "revision": "9001"}))
    said = doorstep("restore", "night.copy", "--replace", fails=True).output
    assert "newer Doorstep" in said


def test_what_is_wrong_is_said_in_a_sentence(doorstep: Doorstep, tmp_path: Path) -> None:
    (tmp_path / "night.copy").write_text("notes")
    assert "is there already" in doorstep("backup", "night.copy", fails=True).output
    assert "Nothing was changed: night.copy.json cannot be read" in doorstep("restore", "night.copy", fails=True).output
    assert "There is no copy: " in doorstep("backup", "no/such/folder/copy", fails=True).output
