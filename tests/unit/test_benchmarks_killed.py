"""The benchmark that kills whoever raises alarms: who that is, and what is counted afterwards."""

import os
import subprocess
import sys
from uuid import UUID

import pytest

from benchmarks import alarms, floods, killed, usage
from benchmarks.killed import Found
from benchmarks.processes import NotMeasured
from benchmarks.scale import QUICK
from benchmarks.watched import Watched
from safety_service.store.ids import new_id

PLAN = floods.at_once([Watched(new_id(), new_id(), str(number)) for number in range(5)], 4)


def test_an_alarm_of_which_nothing_came_is_lost_and_that_is_not_what_is_wanted() -> None:
    found = Found(due=4, killed_after=0.31, late=[0.1, 2.0, 30.5], twice=1)
    rows = {row.what.rpartition(": ")[2]: row for row in killed.rows_of("sqlite", PLAN, 0.3, found)}
    assert all(row.subject == "4 alarms due at once, killed 0.3 s later, 5 watched" for row in rows.values())
    assert rows["lost"].cells[2:] == ["1 alarms", "", "", "≤ 0 alarms: missed"]
    figures = ("handed over before that", "handed over more than once", "half handed over after")
    assert [rows[what].ours for what in figures] == [1, 1, 2.0]
    assert rows["last handed over after"].cells[2] == "30.5 s"


def test_where_nothing_came_at_all_nothing_was_measured() -> None:
    with pytest.raises(NotMeasured, match="none of 4 alarms came"):
        killed.rows_of("sqlite", PLAN, 0.3, Found(due=4, killed_after=0.3, late=[], twice=0))


def test_a_message_that_nobody_knows_to_be_there_was_said_again() -> None:
    """Of a bundle the number of its message stands last; several alarms of one bundle are one message."""
    stamps = {"1": 0.1, "2": 0.2, "3": 0.3}
    assert killed.twice(stamps, ["1", "7:3", "8:3"]) == 1
    assert killed.twice(stamps, ["1", "2", "3", "4"]) == 0


def test_how_late_is_told_of_those_that_came() -> None:
    plan = floods.at_once([Watched(UUID(int=1), UUID(int=9), "a"), Watched(UUID(int=2), UUID(int=8), "b")], 2)
    due = {each.visit_id: at for each, at in plan.moments(QUICK)}
    at = due[UUID(int=1)].timestamp()
    assert alarms.how_late({"12": at + 3}, {UUID(int=1): 12}, due) == {UUID(int=1): pytest.approx(3)}


@pytest.mark.parametrize("roles", ["scheduler", "web,bot,scheduler"])
def test_whoever_raises_alarms_is_found_among_the_children_and_nobody_else(roles: str) -> None:
    # Until it speaks it may still be on its way from being us to being itself.
    words = [sys.executable, "-c", "print(flush=True); input()", usage.CHILD]
    with (
        subprocess.Popen([*words, "web"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other,
        subprocess.Popen([*words, roles], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as raises,
    ):
        for each in (other, raises):
            assert each.stdout is not None and each.stdout.readline()
        found = usage.child_of(os.getpid(), "scheduler", "service")
        assert found is not None and found.pid == raises.pid
        for each in (other, raises):
            each.communicate(b"\n")
    assert usage.child_of(os.getpid(), "scheduler", "service") is None
