"""Steps of the database only add: the version before goes on after them, until it is stopped."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.files import ROOT

STEPS = sorted((ROOT / "safety_service/store/migrations/versions").glob("[0-9]*.py"))
#: All are older than the first release. After it only a looser check, which SQL cannot add, may come to be here.
MORE_THAN_ADDED = {
    "0006": "nobody had written what is never changed from then on",
    "0007": "filled what it added",
    "0010": "plans were not in use",
    "0011": "looser checks; who left counts from then on",
    "0012": "a looser check",
    "0013": "looser checks",
    "0014": "looser guards",
}
#: These look, or only name.
HARMLESS = {"f", "get_bind", "get_context"}


def more_than_added(text: str) -> Iterator[str]:
    """The calls by which a step does more than to make what the code before it does not know of, and can leave out."""
    calls = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)]
    named = [each for each in calls if isinstance(each.func, ast.Attribute)]
    done = [each for each in named if ast.unparse(each.func).startswith("op.") or _name(each) == "execute"]
    made = {_first(each) for each in done if _name(each) == "create_table"}
    for each in done:
        adds = {
            "create_table": True,
            "create_index": not _says(each, "unique", "True") or _second(each) in made,
            "add_column": not _says(each, "nullable", "False") or "server_default" in ast.unparse(each),
        }
        if _name(each) not in HARMLESS and not adds.get(_name(each), False):
            yield f"line {each.lineno}: {_name(each)}"


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def _first(call: ast.Call) -> str:
    return ast.unparse(call.args[0])


def _second(call: ast.Call) -> str:
    return ast.unparse(call.args[1])


def _says(call: ast.Call, name: str, value: str) -> bool:
    words = [each for part in ast.walk(call) if isinstance(part, ast.Call) for each in part.keywords]
    return any(each.arg == name and ast.unparse(each.value) == value for each in words)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.stem)
def test_a_step_only_adds(step: Path) -> None:
    found = list(more_than_added(step.read_text(encoding="utf-8")))
    if step.name[:4] not in MORE_THAN_ADDED:
        assert found == [], "old bots and pages would fail until they are stopped: take it away one version later"
    else:
        assert found, "it only adds: it needs no exception"


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("visit", "address")',
        'op.alter_column("visit", "address", nullable=False)',
        'op.rename_table("visit", "call")',
        'op.add_column("visit", sa.Column("colour", sa.Text(), nullable=False))',
        'op.create_index("uq_visit_family", "visit", ["family_id"], unique=True)',
        'op.create_check_constraint("ck_visit_colour", "visit", "length(address) > 0")',
        'op.execute("DROP TABLE visit")',
        'op.get_bind().execute(sa.text("UPDATE visit SET address = 1"))',
        'with op.batch_alter_table("visit") as visit:\n    visit.drop_column("address")',
    ],
)
def test_what_would_break_the_version_before_is_found(line: str) -> None:
    assert list(more_than_added(line))


@pytest.mark.parametrize(
    "line",
    [
        'op.add_column("visit", sa.Column("colour", sa.Text()))',
        'op.add_column("visit", sa.Column("colour", sa.Text(), nullable=False, server_default=""))',
        'op.create_index("ix_visit_family", "visit", ["family_id"])',
        'op.create_table("a", sa.Column("b", sa.Text()))\nop.create_index("uq_a", "a", ["b"], unique=True)',
    ],
)
def test_what_only_adds_is_let_by(line: str) -> None:
    assert list(more_than_added(line)) == []
