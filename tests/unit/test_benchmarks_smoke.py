"""The benchmarks still fit the service that they measure: a tiny part of them, on SQLite."""

from dataclasses import replace

from benchmarks import floods, inbox, killed, learning, measuring
from benchmarks.idle import IDLE
from benchmarks.scale import QUICK

TINY = replace(
    QUICK,
    # Two teams: somebody else's manager hangs.
    watched=(202,),
    clients=(2,),
    warm=0.1,
    seconds=0.3,
    ahead=0.2,
    hanging=2,
    beside=2,
    beside_over=0.2,
    inbox=(20, 202),
    inbox_clients=2,
    killed=(10, 202),
    killed_after=(0.02,),
    idle_watched=(10,),
    idle_seconds=0.3,
    idle_after=0.1,
    profiled=12,
)


async def test_a_check_in_is_taken_apart_into_named_statements() -> None:
    report = (await measuring.measure(["sqlite"], [measuring.PROFILE], TINY)).markdown()
    assert "UPDATE watch" in report and "INSERT said" in report and "COMMIT" in report


async def test_the_learning_loop_is_asked_over_years_of_debriefs() -> None:
    tiny = replace(TINY, families=3, debriefs=5, asked=10)
    report = (await measuring.measure(["sqlite"], [learning.LEARNING], tiny)).markdown()
    assert "15 debriefs: a rare word, p99" in report and "planning where" in report and "check-in" not in report


async def test_the_service_is_measured_beside_its_floors_and_in_trouble() -> None:
    wanted = [measuring.CHECK_INS, floods.BESIDE, IDLE]
    report = await measuring.measure(["sqlite"], wanted, TINY)
    assert not report.missing and not report.absent
    rows = {row.what: row for row in report.rows}
    for what in (
        "check-ins/s, 2 clients, 202 watched",
        "check-in answered, 2 clients, 202 watched: p99",
        "processor time of a check-in, 2 clients, 202 watched: service",
        "lateness of 2 alarms beside a receiver that hangs, 202 watched: worst",
    ):
        assert rows[what].ours > 0 and rows[what].floor
    assert rows["an idle minute, 10 watched: memory, service"].ours > 1
    assert rows["an idle minute, 10 watched and not 10: memory of Doorstep"].cells[-1] == "≤ 50 MiB more: kept"


async def test_alarms_are_measured_while_whoever_raises_them_is_killed() -> None:
    report = await measuring.measure(["sqlite"], [killed.KILLED], TINY)
    assert not report.missing
    rows = {row.what.rpartition(": ")[2]: row for row in report.rows}
    assert rows["lost"].cells[2:] == ["0 alarms", "", "", "≤ 0 alarms: kept"]
    assert rows["last handed over after"].ours > 0


async def test_words_by_telegram_are_measured_until_each_is_acted_on() -> None:
    report = await measuring.measure(["sqlite"], [inbox.INBOX], TINY)
    assert not report.missing
    rows = {row.what.rpartition(": ")[2]: row for row in report.rows}
    assert rows["kept"].ours > 0 and rows["acted on"].ours > 0 and rows["p99 acted on after"].ours > 0
