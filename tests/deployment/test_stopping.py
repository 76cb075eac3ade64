"""How long a stop takes: whoever waits for somebody waits longer than they may take, in code, units and runbook."""

from __future__ import annotations

import re

from config.duration import parse_duration
from safety_service import app
from safety_service.commands import serve
from safety_service.processes import loop, parent, tasks
from scheduler import dispatcher
from tests.deployment.files import ROOT, ours

RUNBOOK = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
WEATHERS = RUNBOOK.partition("## In all weathers")[2].partition("\n## ")[0]


def test_what_was_asked_ends_before_its_task_and_that_before_its_process() -> None:
    assert max(app.ANSWER_WITHIN, dispatcher.LAST_WITHIN) < tasks.STOP_WITHIN < parent.STOP_WITHIN
    assert parent.STOP_WITHIN - tasks.STOP_WITHIN >= 4, "a commit is waited for 4 s where PostgreSQL is slow"


def test_a_child_without_its_parent_has_as_long_and_the_port_is_waited_for_longer() -> None:
    assert loop.GONE_WITHIN >= parent.STOP_WITHIN, "it would be cut off in a commit that a stop waits for"
    assert serve.PORT_WITHIN > loop.GONE_WITHIN, "the next one would give up while the last one still may be there"


def test_whoever_stops_the_parent_waits_longer_than_the_parent_for_its_children() -> None:
    said = re.findall(r"^TimeoutStopSec=(\d+)$", RUNBOOK, re.MULTILINE)
    units = [parse_duration(f"{each}s").total_seconds() for each in said]
    graces = [parse_duration(each["stop_grace_period"]).total_seconds() for each in ours().values()]
    assert units and graces
    assert min(*units, *graces) >= 2 * parent.STOP_WITHIN


def test_the_runbook_says_what_the_code_does() -> None:
    stops = f"{parent.STOP_WITHIN:.0f} s"
    assert f"Within {stops} it ends" in WEATHERS
    assert f"What has not ended after {stops} is killed" in WEATHERS
    assert app.ANSWER_WITHIN == dispatcher.LAST_WITHIN
    assert f"has {app.ANSWER_WITHIN:.0f} s to be finished" in WEATHERS
