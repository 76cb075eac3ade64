"""`doorstep keys rotate`: what an administrator types, and what they and the doctor say."""

import asyncio
from pathlib import Path

import pytest

from safety_service.store import keyfile, presence, sealing
from safety_service.store.database import Database
from safety_service.store.sealing import KeyRing, new_key
from tests.commands import Doorstep, in_an_empty_folder


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    run = in_an_empty_folder(tmp_path, monkeypatch)
    run("migrate")
    run("agency", "add", "Northshire")
    words = ("--agency", "Northshire", "--team", "North", "--role", "administrator", "--name", "Kit")
    run("people", "add", *words, "--email", "kit@northshire.example")
    run("backup", "before.copy")
    return run


def put_in_front() -> tuple[str, str]:
    """A new key; gives its name and that of the one before."""
    old = keyfile.KEY_FILE.read_text().strip()
    keyfile.KEY_FILE.write_text(f"{new_key()}\n{old}\n")
    first, second = KeyRing(keyfile.read(keyfile.KEY_FILE)).names
    return first, second


def test_a_new_key_in_front_is_all_that_is_needed_afterwards(doorstep: Doorstep) -> None:
    first, old = put_in_front()
    said = doorstep("doctor").output
    assert f"note: keys: key 2 ({old}) is still needed" in said and "`doorstep keys rotate`" in said
    said = doorstep("keys", "rotate").output
    assert f"Sealed anew with the first key ({first}): " in said
    assert f"Key 2 ({old}) seals nothing here any more: take it out" in said and "Keep it with the copies" in said
    assert f"note: keys: key 2 ({old}) seals nothing here any more" in doorstep("doctor").output
    keyfile.KEY_FILE.write_text(keyfile.read(keyfile.KEY_FILE)[0])
    assert "Kit" in doorstep("people", "list").output
    assert doorstep("doctor").output.endswith("All is well.\n")
    doorstep("log", "verify")


def test_a_copy_that_was_made_before_still_needs_the_old_key(doorstep: Doorstep) -> None:
    put_in_front()
    doorstep("keys", "rotate")
    both = keyfile.KEY_FILE.read_text()
    keyfile.KEY_FILE.write_text(keyfile.read(keyfile.KEY_FILE)[0])
    said = doorstep("restore", "before.copy", "--replace", fails=True).output
    assert "of the 1 keys that the copy needs, 1 are not there" in said
    keyfile.KEY_FILE.write_text(both)
    doorstep("restore", "before.copy", "--replace")
    assert "is still needed" in doorstep("doctor").output, "what was put back is sealed with the old one"


def test_an_old_key_that_is_taken_out_too_soon_is_named(doorstep: Doorstep) -> None:
    _, old = put_in_front()
    doorstep("migrate")
    keyfile.KEY_FILE.write_text(keyfile.read(keyfile.KEY_FILE)[0])
    assert f"or one of them is missing: {old} sealed some of it" in doorstep("doctor", fails=True).output
    assert "do not open this database" in doorstep("keys", "rotate", fails=True).output


def test_a_service_that_was_not_begun_again_is_named(doorstep: Doorstep) -> None:
    async def is_there() -> None:
        database = await Database.open("sqlite:///var/doorstep.db")
        async with database.transaction() as tx:
            await presence.here(tx, ["scheduler"], "one:1:a")
        await database.close()

    sealing.use(KeyRing(keyfile.read(keyfile.KEY_FILE)))
    asyncio.run(is_there())
    put_in_front()
    said = doorstep("keys", "rotate", fails=True).output
    assert "The scheduler on " in said and "seals with another key than the one that is first here" in said
    assert "cannot open what that one seals: start it again" in doorstep("doctor", fails=True).output


def test_what_is_typed_with_the_old_order_afterwards_is_read_without_the_old_key(doorstep: Doorstep) -> None:
    new, old = put_in_front(), keyfile.read(keyfile.KEY_FILE)
    doorstep("keys", "rotate")
    keyfile.KEY_FILE.write_text("\n".join(reversed(old)))
    words = ("--agency", "Northshire", "--team", "North", "--role", "manager", "--name", "Mia")
    doorstep("people", "add", *words, "--email", "mia@northshire.example")
    assert f"note: keys: key 1 ({new[1]}) seals nothing here any more: take it out" in doorstep("doctor").output
    assert f"Key 1 ({new[1]}) seals nothing here any more" in doorstep("keys", "rotate").output
    keyfile.KEY_FILE.write_text(old[0])
    assert "Mia" in doorstep("people", "list").output
    assert doorstep("doctor").output.endswith("All is well.\n")


def test_before_it_is_the_first_a_new_key_is_never_to_be_taken_out(doorstep: Doorstep) -> None:
    new, old = put_in_front()
    both = keyfile.read(keyfile.KEY_FILE)
    keyfile.KEY_FILE.write_text("\n".join(reversed(both)))
    for _ in range(2):
        said = doorstep("doctor").output
        assert f"note: keys: key 2 ({new}) is a new one, and not the first here" in said and "take" not in said
        said = doorstep("keys", "rotate", fails=True).output
        assert f"Key 2 ({new}) is new, and seals nothing yet: keep it" in said and "take" not in said
    keyfile.KEY_FILE.write_text("\n".join(both))
    doorstep("migrate")
    keyfile.KEY_FILE.write_text("\n".join(reversed(both)))
    said = doorstep("keys", "rotate", fails=True).output
    assert f"Key {new} is newer than the one that is first here" in said and "Keep it, and move it" in said
    keyfile.KEY_FILE.write_text("\n".join(both))
    assert f"Key 2 ({old}) seals nothing here any more" in doorstep("keys", "rotate").output
