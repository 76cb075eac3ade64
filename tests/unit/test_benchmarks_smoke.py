"""The benchmarks still fit the service that they measure: a tiny part of them, on SQLite."""

from dataclasses import replace

from benchmarks import learning, measuring, seed
from benchmarks.ground import begin
from benchmarks.profile import profile
from benchmarks.replay import Slot, make_replay
from benchmarks.scale import QUICK
from benchmarks.table import Row, figures
from safety_service.store.database import Database

TINY = replace(QUICK, watched=12, profiled=12)


async def test_a_check_in_is_taken_apart_into_named_statements() -> None:
    report = (await measuring.measure(["sqlite"], [measuring.PROFILE], TINY)).markdown()
    assert "UPDATE watch" in report and "INSERT said" in report and "COMMIT" in report


async def test_the_learning_loop_is_asked_over_years_of_debriefs() -> None:
    tiny = replace(TINY, families=3, debriefs=5, asked=10)
    report = (await measuring.measure(["sqlite"], [learning.LEARNING], tiny)).markdown()
    assert "15 debriefs: a rare word, p99" in report and "planning where" in report and "check-in" not in report


async def test_a_recorded_check_in_can_be_said_again_for_another_visit() -> None:
    async with begin(["sqlite"]) as ground:
        database = await Database.open(await ground.fresh("sqlite"))
        found = await profile(database, await seed.seed(database, 3))
        await database.close()
    recorded = found.usual[-1]
    replay = make_replay("sqlite", recorded.statements, recorded.about)
    values = [value for _, given in replay.statements for value in given]
    assert set(Slot) <= {value for value in values if isinstance(value, Slot)}
    assert recorded.about.visit_id.hex not in values and recorded.about.worker_id.hex not in values


def test_a_figure_stands_beside_its_floor_with_their_ratio() -> None:
    table = figures([Row("check-ins/s", "SQLite", 250, "/s", 1000, "bare"), Row("alone", "SQLite", 2.5, "s")])
    assert "| 250 /s" in table and "1,000 /s (bare)" in table and "| 0.25" in table


def test_a_figure_needs_no_floor() -> None:
    assert Row("alone", "SQLite", 2.5, "s").cells == ["alone", "SQLite", "2.5 s", "", ""]
