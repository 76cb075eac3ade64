"""What the benchmarks are put together from: what is said again, who is chosen, what the table says."""

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from benchmarks import floods, seed, usage
from benchmarks.bare import open_bare
from benchmarks.floods import Flood
from benchmarks.ground import begin
from benchmarks.profile import profile
from benchmarks.recording import Statement
from benchmarks.replay import Own, make_replay, slots_in
from benchmarks.scale import WHOLE
from benchmarks.seeded import STALE, Seeds
from benchmarks.table import Row, figures
from benchmarks.targets import COUNTY_RATE, COUNTY_SHARE, ON_TIME
from benchmarks.watched import Watched
from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.tables.visits import watch


async def test_a_recorded_check_in_can_be_said_again_for_another_visit() -> None:
    async with begin(["sqlite"]) as ground:
        url = await ground.fresh("sqlite")
        database = await Database.open(url)
        watched = await seed.seed(database, 4)
        found = await profile(database, watched[:3])
        await database.close()
        recorded, other = found.usual[-1], watched[3]
        replay = make_replay("sqlite", recorded.statements, recorded.about, found.began)
        bare = await open_bare(url)
        for _ in range(2):
            async with bare.transaction() as statements:
                await replay.say(statements, other)
        async with bare.transaction() as statements:
            said = await statements.run("SELECT id FROM said WHERE visit_id = ?", other.visit_id)
        await bare.close()
    assert len(set(said)) == 2


def test_what_is_a_check_ins_own_is_found_within_lists_and_texts() -> None:
    began, about = new_id(), Watched(new_id(), new_id(), "token")
    made, older = new_id(), UUID(int=began.int - 1)
    words: list[Any] = [[about.worker_id, older], f'[{{"id": "{made}", "visit": "{about.visit_id.hex}"}}]', made.hex]
    recorded = [Statement("BEGIN", (), 0), Statement("INSERT …", words, 0), Statement("COMMIT", (), 0)]
    replay = make_replay(
        "postgresql", recorded, replace(about, visit_id=about.worker_id, worker_id=about.visit_id), began
    )
    ((_, values),) = replay.statements
    assert [slot.what for value in values for slot in slots_in(value)] == [Own.VISIT, 0, Own.WORKER, 0]
    assert older in values[0] and replay.fresh == 1


def test_a_check_in_of_which_nothing_was_seen_is_no_floor() -> None:
    with pytest.raises(ValueError, match="no statement"):
        make_replay("sqlite", [Statement("COMMIT", (), 0)], Watched(new_id(), new_id(), "token"), new_id())


def test_a_figure_stands_beside_its_floor_with_their_ratio() -> None:
    table = figures([Row("check-ins/s", "SQLite", 250, "/s", 1000, "bare"), Row("alone", "SQLite", 2.5, "s")])
    assert "| 250 /s" in table and "1,000 /s (bare)" in table and "| 0.25" in table


def test_a_figure_needs_no_floor() -> None:
    assert Row("alone", "SQLite", 2.5, "s").cells == ["alone", "SQLite", "2.5 s", "", "", ""]


def test_whether_what_is_wanted_is_kept_is_computed() -> None:
    row = Row("check-ins/s", "PostgreSQL", 1_700, "/s", 3_400, "bare", (COUNTY_RATE, COUNTY_SHARE))
    assert row.cells[-1] == "≥ 1,600 /s: kept; ≥ 60% of the floor: missed"
    assert Row("p99", "SQLite", 0.31, "s", targets=(ON_TIME,)).cells[-1] == "≤ 0.3 s: missed"


async def test_what_was_seeded_is_used_again_and_nothing_of_it_falls_due_meanwhile() -> None:
    async with begin(["sqlite"]) as ground:
        seeds = Seeds(ground, "sqlite", lambda _: None)
        assert await seeds.watched(3) is await seeds.watched(3)
        first = await _first_due(seeds)
        seeds._made[3].at -= STALE.total_seconds() + 60
        assert await _first_due(seeds) - first == pytest.approx(STALE.total_seconds() + 60, abs=30)
        assert not list(ground.folder.glob("sqlite-*/*.db-wal"))
        await seeds.end()


async def _first_due(seeds: Seeds) -> float:
    async with seeds.copied(3) as url:
        database = await Database.open(url)
        async with database.reading() as tx:
            due: datetime = (await tx.conn.execute(select(func.min(watch.c.next_at)))).scalar_one()
        await database.close()
    return due.timestamp()


def test_alarms_beside_a_hanging_receiver_are_other_teams() -> None:
    watched = [Watched(new_id(), new_id(), str(number)) for number in range(seed.TEAM_SIZE * 2)]
    plan = floods.beside(watched, WHOLE)
    assert len(plan.measured) == WHOLE.beside and len(plan.others) == WHOLE.hanging
    assert {watched.index(each) % 2 for each, _ in plan.measured} == {1}
    assert {watched.index(each) % 2 for each, _ in plan.others} == {0}
    assert plan.waited_for == plan.measured


def test_alarms_amid_a_storm_fall_due_after_it_began_and_are_measured_alone() -> None:
    watched = [Watched(new_id(), new_id(), str(number)) for number in range(2_000)]
    plan = floods.storm(watched, WHOLE)
    moments = plan.moments(WHOLE)
    assert len(plan.waited_for) == len(moments) == 1_020
    assert all(0 < after <= WHOLE.amid_over for _, after in plan.measured)
    teams = [{watched.index(each) % 10 for each, _ in some} for some in (plan.measured, plan.others)]
    assert teams == [{8, 9}, set(range(8))]
    late = {each.visit_id: float(place) for place, (each, _) in enumerate(moments)}
    assert Flood(late).of(plan) == [float(place) for place in range(1_000, 1_020)]


def test_alarms_at_once_are_told_by_the_first_and_the_last_of_them() -> None:
    watched = [Watched(new_id(), new_id(), str(number)) for number in range(5)]
    plan = floods.at_once(watched, 4)
    late = [0.5, 1.0, 1.5, 2.0]
    ours = Flood({each.visit_id: at for (each, _), at in zip(plan.measured, late, strict=True)}, {"scheduler": 0.2})
    floor = Flood({each.visit_id: at / 2 for (each, _), at in zip(plan.measured, late, strict=True)}, {"parent": 0.1})
    rows = {row.what: row for row in floods.rows_of("postgresql", floods.AT_ONCE, plan, ours, floor)}
    about = "4 alarms due at once, 5 watched"
    assert [rows[f"{about}: {each} handed over after"].ours for each in ("first", "half", "last")] == [0.5, 1.5, 2.0]
    handed, processor = rows[f"{about}: handed over"], rows[f"{about}: processor time of one, scheduler"]
    assert handed.cells[2:] == ["2 /s", "4 /s (the fewest statements and the posts, bare)", "0.5", "≥ 1,200 /s: missed"]
    assert (processor.ours, processor.floor) == (50, 25)


def test_a_process_is_known_by_what_it_was_started_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()", usage.CHILD, "web"], stdin=subprocess.PIPE) as process:
        assert usage.memory_by_role(process.pid).keys() == {"web"}
        assert usage.memory_by_role(process.pid)["web"] > 0.1
        process.communicate(b"\n")
    assert usage.cpu_by_role(process.pid) == {}


def test_what_a_child_used_is_not_forgotten_when_it_ends() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    work = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline()
        assert usage.cpu_seconds(process.pid) > 0.25
        process.communicate(b"\n")
