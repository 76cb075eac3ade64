"""docs/benchmarks.md has a figure for all that is measured: a filter once took out those that everybody looks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest

from benchmarks import alarms, checkin_rows, floods, idle, inbox, killed, measuring
from benchmarks.checkin_rows import FLOORS, OURS, PGBENCH, TWO, Rate
from benchmarks.floods import Flood
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.idle import Minute
from benchmarks.killed import Found
from benchmarks.scale import WHOLE
from benchmarks.seeded import Seeds
from benchmarks.table import Row
from benchmarks.watched import Watched

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
#: Whose processor time and memory have to be told; others are too little to have a line each time.
WHO: dict[Kind, list[str]] = {"sqlite": ["service"], "postgresql": ["web", "bot", "scheduler", "PostgreSQL"]}
AT_WORK: dict[Kind, list[str]] = {"sqlite": ["service"], "postgresql": ["scheduler", "PostgreSQL"]}
INBOX: dict[Kind, list[str]] = {"sqlite": ["service"], "postgresql": ["web", "bot", "PostgreSQL"]}
HEARS: dict[Kind, list[str]] = {"sqlite": ["service"], "postgresql": ["web", "PostgreSQL"]}

#: What, on which database, beside which floor.
Line = tuple[str, str, str]
each_kind = pytest.mark.parametrize("kind", list(NAMES))


def told() -> dict[Line, str]:
    """The page's rows, each with its figure."""
    found: dict[Line, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [each.strip() for each in line.split("|")][1:-1]
        if len(cells) == 6:
            what, database, ours, floor, *_ = cells
            found[what, database, floor.partition("(")[2].removesuffix(")")] = ours
    return found


class _Imagined(Seeds):
    """People inside, of whom no database knows."""

    async def watched(self, count: int) -> list[Watched]:
        return _inside(count)


@cache
def _inside(count: int) -> list[Watched]:
    return [Watched(each, each, "") for each in map(UUID, (f"{number:032x}" for number in range(count)))]


def imagined(kind: Kind) -> Seeds:
    return _Imagined(cast("Ground", None), kind, lambda _: None)


def of_check_ins(kind: Kind) -> Iterator[Row]:
    places = [OURS, *FLOORS] if kind == "sqlite" else [OURS, TWO, *FLOORS]
    for count in WHOLE.watched:
        for clients in WHOLE.clients:
            rates = {
                name: Rate([1.0], [1.0], dict.fromkeys(HEARS[kind], 1.0), 1)
                for name in places
                if (kind, name) != ("sqlite", PGBENCH)
            }
            yield from checkin_rows.rows_of(kind, rates, clients, count)


async def of_alarms(kind: Kind) -> list[Row]:
    rows = []
    for name, plan in await alarms.plans(imagined(kind), WHOLE, floods.FLOODS):
        flood = Flood({each.visit_id: 1.0 for each, _ in plan.measured}, dict.fromkeys(AT_WORK[kind], 1.0))
        floor = Flood(flood.late, {"parent": 1.0, "PostgreSQL": 1.0})
        rows += floods.rows_of(kind, name, plan, flood, floor)
        if (kind, name) == ("postgresql", floods.AT_ONCE):
            rows += floods.rows_of_two(kind, plan, flood, flood)
    return rows


async def of_killed(kind: Kind) -> list[Row]:
    count, all_ = WHOLE.killed
    plan = floods.at_once(await imagined(kind).watched(all_), count)
    found = Found(count, 0.0, [1.0] * count, 0)
    return [row for after in WHOLE.killed_after for row in killed.rows_of(kind, plan, after, found)]


def of_idle(kind: Kind) -> list[Row]:
    used = dict.fromkeys(WHO[kind], 1.0)
    return idle.rows_of(NAMES[kind], [Minute(count, 60.0, used, used) for count in WHOLE.idle_watched])


def of_words_by_telegram(kind: Kind) -> list[Row]:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    used = dict.fromkeys(INBOX[kind], 1.0)
    return inbox.rows_of(kind, WHOLE, inbox.Found(1.0, [(now, now + timedelta(seconds=1))], used))


@each_kind
async def test_every_figure_of_what_is_measured_is_on_the_page(kind: Kind) -> None:
    rows = [*of_check_ins(kind), *await of_alarms(kind), *await of_killed(kind), *of_idle(kind)]
    rows += of_words_by_telegram(kind)
    there = told()
    asked: list[Line] = [(row.what, row.database, row.floor_is) for row in rows]
    assert [each for each in asked if each not in there] == []
    assert [each for each in asked if not there[each][0].isdigit()] == []


def test_what_everybody_looks_for_is_among_what_is_asked_of_the_page() -> None:
    whats = {row.what for row in of_check_ins("postgresql")}
    for clients in (16, 64):
        for count in ("10,000", "100,000"):
            where = f"{clients} clients, {count} watched"
            assert {f"check-ins/s, {where}", f"check-ins/s, {where}, two web processes"} <= whats
            assert f"check-in answered, {where}: p99" in whats
    assert {row.floor_is for row in of_check_ins("postgresql")} >= set(FLOORS.values())


def test_whatever_can_be_measured_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = page.partition("| `--only` |")[2].partition("## ")[0]
    assert [each for each in measuring.EVERY if f"`{each}`" not in listed] == []
