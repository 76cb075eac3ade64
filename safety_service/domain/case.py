"""A visit with its open alerts: where the watch's effects meet the alerts (the whole watch loop, without rows)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from config.policy import Policy
from safety_service.domain import climb, handling
from safety_service.domain import events as ev
from safety_service.domain.alert import Alert
from safety_service.domain.alert_effects import AlertEffect
from safety_service.domain.effects import LateWord, RaiseAlert, VisitEffect
from safety_service.domain.ladder import Present, freeze
from safety_service.domain.visit import Visit, apply
from safety_service.domain.words import ABOUT_SERVICE, MISSES, Kind, Risk

Effects = tuple[VisitEffect | AlertEffect, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One visit and the alerts on it that are not resolved."""

    visit: Visit
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """What the rules need to know of the world at this moment."""

    now: datetime
    policy: Policy
    #: Who stands on each rung for this worker's team now.
    present: Present
    new_id: Callable[[], UUID]


def step(case: Case, event: ev.Event, world: World) -> tuple[Case, Effects]:
    """Let the event happen to the visit, and what follows from it to the alerts. Raises Refused."""
    visit, wanted = apply(case.visit, event, world.now, world.policy)
    alerts = list(case.alerts)
    effects: list[VisitEffect | AlertEffect] = []
    more: Effects
    for effect in wanted:
        if isinstance(effect, RaiseAlert):
            alerts, more = raise_alert(alerts, effect, visit.id, visit.risk, world)
        elif isinstance(effect, LateWord):
            alerts, more = late_word(alerts, effect)
        else:
            more = (effect,)
        effects.extend(more)
    return Case(visit, tuple(alerts)), tuple(effects)


def raise_alert(
    alerts: list[Alert], wanted: RaiseAlert, visit_id: UUID | None, risk: Risk, world: World
) -> tuple[list[Alert], tuple[AlertEffect, ...]]:
    """Open an alert, or tell the owner of the one that is open: a second miss does not open a second alert.

    `alerts` are those of this visit (or those without a visit, where `visit_id` is None).
    """
    taking_in = [each for each in alerts if swallows(each, wanted)]
    if taking_in:
        return _told_again(alerts, taking_in, wanted, world)
    ladder = freeze(wanted.kind, risk, world.policy)
    opened, told = climb.open_alert(
        world.new_id(),
        wanted.kind,
        worker_id=wanted.worker_id,
        visit_id=visit_id,
        due_at=wanted.due_at,
        base=wanted.base,
        ladder=ladder,
        present=world.present,
        now=world.now,
    )
    return [*alerts, opened], told


def _told_again(
    alerts: list[Alert], taking_in: list[Alert], wanted: RaiseAlert, world: World
) -> tuple[list[Alert], tuple[AlertEffect, ...]]:
    """The same kind hears, else one that somebody has. Duress hears besides: it takes nothing from who would without
    it, who may be beside the worker (P5).
    """
    hidden = [each for each in taking_in if each.kind is Kind.DURESS]
    effects: tuple[AlertEffect, ...] = ()
    for those in (hidden, [each for each in taking_in if each not in hidden]):
        if those:
            alert = min(those, key=lambda each: (each.kind is not wanted.kind, each.owner_id is None))
            after, more = handling.repeated(alert, wanted.kind, world.now)
            alerts, effects = [after if each.id == alert.id else each for each in alerts], (*effects, *more)
    return alerts, effects


def swallows(alert: Alert, wanted: RaiseAlert) -> bool:
    """Whether this open alert takes in what is wanted: its owner is told, and no second one opens.

    Alerts are unique by kind; and a miss goes to whatever is open about this worker's safety.
    """
    if not alert.open or alert.worker_id != wanted.worker_id:
        return False
    return alert.kind is wanted.kind or (wanted.kind in MISSES and alert.kind not in ABOUT_SERVICE)


def late_word(alerts: list[Alert], word: LateWord) -> tuple[list[Alert], tuple[AlertEffect, ...]]:
    """Every open alert of this worker hears the word."""
    heard: list[Alert] = []
    effects: list[AlertEffect] = []
    for alert in alerts:
        if alert.worker_id == word.worker_id:
            after, more = handling.late_word(alert, word.word, word.said_at)
            heard.append(after)
            effects.extend(more)
        else:
            heard.append(alert)
    return heard, tuple(effects)


def resolved(case: Case, alert: Alert, world: World) -> tuple[Case, Effects]:
    """The visit after a human being resolved this alert: re-armed, or ended (P1). The alert is already resolved."""
    others = tuple(each for each in case.alerts if each.id != alert.id)
    left = replace(case, alerts=others)
    if alert.worker_id is None or alert.visit_id is None:
        return left, ()
    return step(left, ev.AlertResolved(worker_id=alert.worker_id, kind=alert.kind), world)
