"""`doorstep retention show`: what would be removed, and nothing is."""

import sqlite3
from pathlib import Path

import pytest

from safety_service.store.retention import RULES
from tests.commands import in_an_empty_folder


def test_it_says_of_every_rule_what_would_go_now_and_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doorstep = in_an_empty_folder(tmp_path, monkeypatch)
    doorstep("migrate")
    doorstep("agency", "add", "Elmshire")
    (file,) = tmp_path.rglob("*.db")
    before = _families(file)
    said = doorstep("retention", "show").stdout
    lines = {line.split("  ")[0]: line for line in said.splitlines()}
    assert {rule.name for rule in RULES} <= set(lines)
    assert lines["family files"].rstrip().endswith("1") and lines["evidence"].rstrip().endswith(" 0")
    assert "8 years" in lines["visits"] and "3 months" in lines["positions"]
    assert _families(file) == before + 1 - 1 == 1


def _families(file: Path) -> int:
    """How many there are; the first time, one is put in that nothing has happened with for a long time."""
    with sqlite3.connect(file) as there:
        if not there.execute("SELECT count(*) FROM family").fetchone()[0]:
            there.execute(
                "INSERT INTO family (id, agency_id, ref, created_at) SELECT id, id, 'F-1', '2001-01-01 00:00:00.000000'"
                " FROM agency"
            )
        return int(there.execute("SELECT count(*) FROM family").fetchone()[0])
