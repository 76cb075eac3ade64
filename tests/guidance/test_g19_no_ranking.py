"""G19: what is known of workers measures nobody: no list, export, figure or statement counts anything by person."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api
from safety_service.actions.exports import ALERTS, DEBRIEFS, VISITS, WHAT
from safety_service.actions.figures_of_care import COLUMNS
from tests.debriefs import given
from tests.http import application, paired, serving
from tests.world import World

ROOT = Path(__file__).parents[2] / "safety_service"
#: Columns that say whose something is.
PERSONAL = {"worker_id", "person_id", "by", "owner_id", "reviewed_by", "actor_id", "found_by", "created_by"}
COUNTING = {"count", "sum", "avg"}
#: Members of an answer that name a person, and those that sum something up.
NAMES = re.compile(r"^(worker|person|by|owner|name)(_id)?$")
SUMS = re.compile(
    r"(^|_)(count|total|sum|average|mean|median|rate|score|rank|ranking|percent|per_worker|number_of|times)($|_)"
)


def functions() -> Iterator[tuple[str, ast.AsyncFunctionDef | ast.FunctionDef]]:
    """Every function of the store."""
    for file in sorted((ROOT / "store").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                yield f"{file.name}::{node.name}", node


def called(node: ast.AST, names: set[str]) -> list[ast.Call]:
    """Calls of methods with these names."""
    return [
        each
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in names
    ]


def grouped_by(node: ast.AST) -> set[str]:
    """What a function's statements are grouped by."""
    groups = (argument for call in called(node, {"group_by"}) for argument in call.args)
    return {each.attr for group in groups for each in ast.walk(group) if isinstance(each, ast.Attribute)}


def test_no_statement_counts_anything_by_person() -> None:
    seen = 0
    for name, function in functions():
        groups = grouped_by(function)
        seen += bool(groups)
        if groups & PERSONAL:
            assert not called(function, COUNTING), f"{name} counts by {groups & PERSONAL}"
    assert seen > 3, "the walk found no grouped statement: it looks in the wrong place"


def test_no_export_has_a_column_for_a_person() -> None:
    columns = {*DEBRIEFS.split(), *VISITS.split(), *ALERTS.split(), *COLUMNS}
    assert not {each for each in columns if NAMES.match(each) or each in PERSONAL}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object within a JSON value."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def sums_up_a_person(answer: Any, people: set[str]) -> str:
    """What in an answer names somebody and sums something up of them; nothing, if all is well."""
    for each in objects(answer):
        named = [key for key, value in each.items() if NAMES.match(key) and _is_one_of(value, people)]
        sums = [key for key, value in each.items() if SUMS.search(key) and isinstance(value, int | float)]
        if (named and sums) or any(key in people for key in each):
            return str(each)
    return ""


def _is_one_of(value: Any, people: set[str]) -> bool:
    """A person's id or name, or an object that is about a person."""
    inside = value.values() if isinstance(value, dict) else [value]
    return any(isinstance(each, str) and each in people for each in inside)


@pytest.mark.parametrize(
    "bad",
    [
        {"worker": {"id": "1", "name": "Ann"}, "rate": 0.5},
        {"worker": "Ann", "count": 3},
        {"items": [{"person_id": "1", "average_s": 2.5}]},
        {"Ann": 3},
    ],
)
def test_the_walk_sees_what_would_rank_people(bad: Any) -> None:
    assert sums_up_a_person(bad, {"Ann", "1"})


async def test_no_answer_of_the_interface_sums_up_a_person(world: World) -> None:
    await world.inside("Ann")
    await world.later(45)
    for who, ref in (("Ann", "F-1"), ("Ben", "F-2"), ("Ann", "F-2")):
        await given(world, who, ref=ref, behaviours=["argued"], severity="medium", after=120)
    people = {*world.ids, *map(str, world.ids.values())}
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        mia = await paired(world, session, "Mia")
        asked = 0
        for path in paths(world):
            status, answer = await mia.get(path, **period())
            asked += status == 200
            assert not sums_up_a_person(answer, people), path
    assert asked >= 8


def period() -> dict[str, str]:
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    return {"from": begins.isoformat(), "to": (begins + timedelta(days=365)).isoformat()}


def paths(world: World) -> list[str]:
    """Every list and figure that there is to be asked for, below /api/v1."""
    app = application(world, api)
    found = {
        route.resource.canonical.removeprefix(api.PREFIX)
        for route in app.router.routes()
        if route.method == "GET" and route.resource is not None
    }
    ours = {each for each in found if "{id}" not in each}
    filled = {each.replace("{ref}", "F-2") for each in ours if "{what}" not in each}
    assert "/debriefs/trends" in filled and "/visits" in filled
    return sorted(
        {*filled, *(f"/exports/{what}" for what in (*WHAT, "care")), f"/people/{world.ids['Ann']}/supervision"}
    )
