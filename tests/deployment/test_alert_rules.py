"""Alert rules and the dashboard name only figures that /metrics gives, and leave none of the contract's out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from config.duration import parse_duration
from safety_service.actions import canary
from safety_service.actions.figures import COPIED, PARTS, figures, running
from safety_service.services import Health
from safety_service.store import stamps, tallies
from safety_service.web.metrics import _Collector
from safety_service.web.metrics_running import Parts
from tests.deployment.files import ROOT
from tests.deployment.prometheus import never_meet
from tests.world import World

CONTRACT = {
    *("doorstep_watch_lag_seconds", "doorstep_visits_watched", "doorstep_alerts_open", "doorstep_outbox_pending"),
    *("doorstep_outbox_oldest_seconds", "doorstep_delivery_seconds_bucket", "doorstep_delivery_failures_total"),
    "doorstep_deadline_lateness_seconds_bucket",
}
NAME = re.compile(r"\b(doorstep_\w+|up)\b(\{[^}]*\})?")
LABEL = re.compile(r'(\w+)(=~|=)"([^"]*)"')
OPERATIONS = ROOT / "docs/operations.md"


def rules() -> list[dict[str, Any]]:
    """Every rule of the file."""
    read = yaml.safe_load((ROOT / "config/prometheus/alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    """Every panel of the dashboard."""
    found: list[dict[str, Any]] = json.loads((ROOT / "config/grafana/doorstep.json").read_text())["panels"]
    return found


def asked() -> Iterator[tuple[str, str, str]]:
    """Where, which metric, and with which labels."""
    for rule in rules():
        for name, labels in NAME.findall(rule["expr"]):
            yield rule["alert"], name, labels
    for panel in panels():
        for target in panel["targets"]:
            for name, labels in NAME.findall(target["expr"]):
                yield panel["title"], name, labels


@pytest.fixture
async def given(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[dict[str, str]]]:
    """What /metrics gives when everything has something to say: each sample's name, with its labels."""
    monkeypatch.setattr(tallies, "HERE", tallies.Tally())
    tallies.HERE.delivered("telegram", 1, 0.3, 2.0)
    await tallies.flush(world.database)
    async with world.database.transaction() as tx:
        for name in (*PARTS, COPIED):
            await stamps.stamp(tx, name)
        await stamps.stamp(tx, canary.ON, {"since": tx.now.isoformat(), "every": 3600.0, "takes": 360.0})
        await stamps.stamp(tx, canary.CAME, {"alert": "", "late": 0.4})
        now, there, silent = await figures(tx), await running(tx, 0.0, hears=True), await canary.look(tx)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(now, Parts(there, Health(canary=silent), redis=True)))
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


async def test_every_figure_that_is_asked_for_is_given(given: dict[str, list[dict[str, str]]]) -> None:
    for where, name, labels in asked():
        if name == "up":
            continue
        assert name in given, f"{where}: there is no {name}"
        for label, how, value in LABEL.findall(labels):
            there = {each.get(label) for each in given[name]}
            wanted = value.split("|") if how == "=~" else [value]
            assert set(wanted) <= there, f"{where}: {name} has no {label} {wanted}, but {there}"


async def test_every_figure_of_the_contract_is_on_the_dashboard_and_none_of_ours_is_left_out(
    given: dict[str, list[dict[str, str]]],
) -> None:
    shown = {name for panel in panels() for target in panel["targets"] for name, _ in NAME.findall(target["expr"])}
    assert shown >= CONTRACT
    spoken = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in given}
    assert {re.sub(r"_bucket$", "", name) for name in shown} >= {name for name in spoken if name != "up"}


def test_every_rule_says_how_bad_it_is_and_what_happened_and_none_is_there_twice() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert len(rule["annotations"]["summary"]) > 20
        assert rule["expr"].count("(") == rule["expr"].count(")")
        if "for" in rule and rule["labels"]["severity"] == "page":
            assert parse_duration(rule["for"]) <= timedelta(minutes=2), "whoever is out there waits"


def test_no_rule_waits_for_what_can_never_be() -> None:
    """A sum has no labels, a figure has: joined as they are, they never meet, and the rule never fires."""
    assert never_meet("sum(a) > 200 and deriv(b[5m]) > 0.5")
    assert never_meet('up == 0 or (deriv(b{c="or ("}[5m]) > 1 unless (max(a) > 200))')
    assert not never_meet("sum(a) > 200 and on() deriv(b[5m]) > 0.5")
    assert not never_meet("a > 1 and b > 2 or sum by (job) (c) > 3 or absent(a)")
    assert never_meet("a > 1 or (absent(a) and up == 1)")
    for rule in rules():
        assert not never_meet(rule["expr"]), rule["alert"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_the_runbook_says_what_a_rule_means_and_what_to_do(rule: dict[str, Any]) -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    assert re.search(rf"^\| `{rule['alert']}` \| .{{20,}} \| .{{20,}} \|$", text, re.MULTILINE)


def test_a_copy_is_missed_also_where_none_was_ever_made() -> None:
    """There is no age of a copy then, so that no comparison with it ever fires."""
    (rule,) = (each for each in rules() if each["alert"] == "DoorstepNoCopy")
    assert "absent(doorstep_backup_age_seconds)" in rule["expr"]
    assert "ever made" in rule["annotations"]["summary"]


def test_the_runbook_names_no_rule_that_is_not_there() -> None:
    named = set(re.findall(r"`(Doorstep[A-Z]\w+)`", OPERATIONS.read_text(encoding="utf-8")))
    assert named == {rule["alert"] for rule in rules()}


def test_no_two_panels_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
