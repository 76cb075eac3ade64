"""Figures of the service's own parts: who is there, who has fallen silent, what the audit finds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric

from safety_service.actions.figures import Figures, Running
from safety_service.actions.telling import Priority
from safety_service.services import Health

ROLES = ("web", "bot", "scheduler")


@dataclass(frozen=True)
class Parts:
    """Beside the figures. `redis`: whether it answers; None: there is none."""

    running: Running
    health: Health
    redis: bool | None


def families(parts: Parts, now: Figures) -> Iterator[Metric]:
    """Every metric of these."""
    running = parts.running
    yield _by("doorstep_silent_seconds", "Since each part last did its work", "part", running.silent)
    there = {role: running.processes.get(role, 0) for role in ROLES}
    yield _by("doorstep_processes", "Processes that were there within the last minute", "role", there)
    found = {"fault": len(parts.health.faults), "warning": len(parts.health.warnings)}
    yield _by("doorstep_audit_findings", "What the audit finds now", "kind", found)
    waits = {each.priority: (now.at - each.since).total_seconds() for each in now.pending}
    oldest = {each.name.lower(): waits.get(each, 0.0) for each in Priority}
    yield _by("doorstep_outbox_waiting_seconds", "How long the oldest of each priority waits", "priority", oldest)
    about = "How long an alert has been nobody's: since it was opened, or since its owner forgot it"
    yield GaugeMetricFamily("doorstep_alert_unowned_seconds", about, value=running.unowned)
    if running.copied is not None:
        about = "Since `doorstep backup` last made a copy"
        yield GaugeMetricFamily("doorstep_backup_age_seconds", about, value=running.copied)
    yield from _canary(parts.health)
    if parts.redis is not None:
        yield GaugeMetricFamily("doorstep_redis_up", "Whether Redis answers", value=int(parts.redis))


def _canary(health: Health) -> Iterator[Metric]:
    """Only where there is one: what is turned off is not missed."""
    canary = health.canary
    if canary is None:
        return
    about = "Canary visits that should have come through since the last one did"
    yield GaugeMetricFamily("doorstep_canary_missed", about, value=canary.missed)
    if canary.came_at is not None and canary.late is not None:
        about = "When a canary visit last fell silent and its alarm arrived"
        yield GaugeMetricFamily("doorstep_canary_last_success_timestamp_seconds", about, canary.came_at.timestamp())
        about = "How late that alarm was"
        yield GaugeMetricFamily("doorstep_canary_lateness_seconds", about, value=canary.late)


def _by(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for each, value in values.items():
        family.add_metric([each], value)
    return family
