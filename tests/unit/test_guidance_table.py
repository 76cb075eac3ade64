"""Every clause of the guidance has its row: where it lives in the product, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "guidance.md").read_text(encoding="utf-8")
ROWS = re.compile(r"^\| ((?:1\.7\.|NHS )\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
CLAUSES = [*(f"1.7.{number}" for number in range(1, 38)), *(f"NHS {number}" for number in range(1, 8))]
PLACES = (ROOT / "safety_service", ROOT)

rows = {clause: (about, where, shown) for clause, about, where, shown in ROWS.findall(TEXT)}


def test_no_clause_is_left_out_or_there_twice() -> None:
    assert [clause for clause, *_ in ROWS.findall(TEXT)] == CLAUSES


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_clause_says_where_it_lives_and_names_tests_that_exist(clause: str) -> None:
    about, where, shown = rows[clause]
    assert min(len(about), len(where)) > 5
    named = re.findall(r"`([^`]+)`", shown)
    assert named, f"{clause} names no test"
    for test in named:
        assert (ROOT / "tests" / test).is_file(), f"{clause}: {test} is not there"


@pytest.mark.parametrize("clause", CLAUSES)
def test_every_module_that_a_clause_names_is_there(clause: str) -> None:
    for named in re.findall(r"`([\w/]+\.(?:py|toml))`", rows[clause][1]):
        assert any((place / named).is_file() for place in PLACES), f"{clause}: {named} is not there"
