"""`doorstep guidance`: faults with their lines, editions for one agency or for all, what a new database begins with."""

from pathlib import Path

import pytest

from tests.commands import Doorstep, in_an_empty_folder

WHY = ("--by", "Dr Data", "--why", "our own words")


@pytest.fixture
def doorstep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doorstep:
    """The command with nothing set, in an empty folder."""
    return in_an_empty_folder(tmp_path, monkeypatch)


def file(tmp_path: Path, text: str) -> str:
    made = tmp_path / "guidance.toml"
    made.write_text(text)
    return str(made)


def test_every_fault_is_named_with_its_line(doorstep: Doorstep, tmp_path: Path) -> None:
    assert doorstep("guidance", "check", file(tmp_path, "")).stdout.endswith("can be used.\n")
    said = doorstep("guidance", "check", file(tmp_path, "[areas.home]\nsez = 1\n"), fails=True).stderr
    assert "line 2: areas.home.sez: is not known here" in said


def test_a_new_database_begins_with_the_guidance_of_its_setting(
    doorstep: Doorstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_GUIDANCE", file(tmp_path, '[areas.home]\nsays = "Every room"\n'))
    doorstep("migrate")
    doorstep("migrate")
    doorstep("agency", "add", "Elmshire")
    said = doorstep("guidance", "show").stdout
    assert said.startswith("Edition 1.")
    assert "Every room" in said


def test_a_bad_first_guidance_makes_nothing(
    doorstep: Doorstep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_GUIDANCE", file(tmp_path, "[areas.home]\nsez = 1\n"))
    assert "line 2: areas.home.sez" in doorstep("migrate", fails=True).stderr


def test_an_agency_gets_an_edition_of_its_own(doorstep: Doorstep, tmp_path: Path) -> None:
    doorstep("migrate")
    for name in ("Elmshire", "Oakshire"):
        doorstep("agency", "add", name)
    own = file(tmp_path, "[reasons.jargon]\noff = true\n")
    assert doorstep("guidance", "apply", own, "--agency", "Elmshire", *WHY).stdout == "Edition 2 is in force.\n"
    assert "jargon" not in doorstep("guidance", "show", "--agency", "Elmshire").stdout
    assert "jargon" in doorstep("guidance", "show", "--agency", "Oakshire").stdout
    for who, why, said in (("", "x", "Say who, by name.\n"), ("x", " ", "Say the reason: somebody will ask.\n")):
        assert doorstep("guidance", "apply", own, "--by", who, "--why", why, fails=True).stderr == said
