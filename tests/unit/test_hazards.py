"""The hazard log is kept with the code: it names tests that exist, and leaves no promise out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOG = ROOT / "docs" / "safety" / "hazards.md"
TESTS = ROOT / "tests"
NAMED = re.compile(r"`([\w/]+\.py)::(\w+(?:::\w+)*)(?:\[[^\]`]+\])?`")
ROW = re.compile(r"\| (?P<group>[PRS])(?P<number>\d+)\.(?P<place>\d+) \|")


def rows() -> dict[str, list[str]]:
    """Each hazard's cells, by its id."""
    found: dict[str, list[str]] = {}
    for line in LOG.read_text(encoding="utf-8").splitlines():
        if ROW.match(line):
            hazard, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            assert hazard not in found, f"{hazard} is there twice"
            found[hazard] = cells
    return found


HAZARDS = rows()


@cache
def functions_of(file: Path) -> frozenset[str]:
    """What a file defines at its top, and within a class as `Class::function`."""
    return frozenset(_names(ast.parse(file.read_text(encoding="utf-8")).body)) if file.is_file() else frozenset()


def _names(body: list[ast.stmt], within: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{within}{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield within + node.name


@pytest.mark.parametrize("hazard", HAZARDS)
def test_a_hazard_says_what_happens_what_stops_it_what_shows_it_and_what_remains(hazard: str) -> None:
    cells = HAZARDS[hazard]
    assert len(cells) == 4
    happens, stops, shows, remains = cells
    assert min(len(happens), len(stops), len(remains)) > 0
    assert NAMED.search(shows), f"{hazard} names no test"


@pytest.mark.parametrize("hazard", HAZARDS)
def test_every_test_that_a_hazard_names_exists(hazard: str) -> None:
    for file, test in NAMED.findall(HAZARDS[hazard][2]):
        assert test.rpartition("::")[2].startswith("test_"), f"{test} is no test"
        assert test in functions_of(TESTS / file), f"{file} has no {test}"


@pytest.mark.parametrize("hazard", HAZARDS)
def test_a_hazard_names_its_tests_in_the_form_that_is_checked(hazard: str) -> None:
    names = [each for each in re.findall(r"`([^`]*)`", HAZARDS[hazard][2]) if "test_" in each]
    assert len(names) == len(NAMED.findall(HAZARDS[hazard][2]))


@pytest.mark.parametrize(("group", "count"), [("P", 9), ("R", 13), ("S", 15)])
def test_no_promise_no_rule_and_no_story_is_left_out(group: str, count: int) -> None:
    there = {int(each[1:].partition(".")[0]) for each in HAZARDS if each.startswith(group)}
    assert there == set(range(1, count + 1))


@pytest.mark.parametrize("hazard", HAZARDS)
def test_nothing_is_put_off_to_a_work_that_is_still_to_come(hazard: str) -> None:
    put_off = re.findall(r"\*\*|\bto come\b|\bnot (?:yet )?built\b|\bnone yet\b", " ".join(HAZARDS[hazard]))
    assert put_off == []
