"""Letting an event happen to a visit: load, ask the rules, save, put the effects into rows."""

from dataclasses import replace
from uuid import UUID

from safety_service.actions import scene as scenes
from safety_service.actions.carrying import carry_out
from safety_service.actions.errors import Overheard
from safety_service.actions.scene import Scene
from safety_service.domain import case
from safety_service.domain import events as ev
from safety_service.domain.case import Case, World
from safety_service.domain.effects import NotPossible, RaiseAlert
from safety_service.domain.words import Proof
from safety_service.store import alerts, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.visits import VisitRow


async def happen(tx: Tx, row: VisitRow, event: ev.Event, *, alerts_open: list[AlertRow] | None = None) -> VisitRow:
    """The event happens to a visit that this transaction has locked. Raises Refused, and then nothing changed.

    Overheard: the same, and whoever notes the refusal opens duress.
    """
    rows = await alerts.open_of_visits(tx, [row.id], lock=True) if alerts_open is None else alerts_open
    scene = await scenes.of_visit(tx, row, with_people=_may_raise(row, event, tx), duress_of=_duress_of(event))
    world = World(tx.now, await tx.policy(), scene.present, new_id)
    after, effects = case.step(Case(row.visit, tuple(each.alert for each in rows)), event, world)
    for effect in effects:
        if isinstance(effect, NotPossible):
            raise Overheard(effect.why, row.id, effect.worker_id)
    await visits.save(tx, row.visit, after.visit)
    saved = await _save_alerts(tx, scene, rows, after)
    changed = replace(row, visit=after.visit)
    await carry_out(tx, replace(scene, row=changed), saved, effects)
    tx.announce(f"board:{row.team_id}")
    for old, new in zip(row.visit.watches, after.visit.watches, strict=True):
        if old.phase is not new.phase:
            # Their open chat page changes with it: what is off the screen inside, and which buttons are in reach.
            tx.announce(f"person:{new.worker_id}")
    return changed


def _may_raise(row: VisitRow, event: ev.Event, tx: Tx) -> bool:
    """Whether who stands on the rungs can matter: most words need not ask."""
    if isinstance(event, ev.Sos | ev.RingMe):
        return True
    if isinstance(event, ev.DeadlinePassed):
        watch = row.visit.watch(event.worker_id)
        return watch.alarm_at is not None and watch.alarm_at <= tx.now
    if isinstance(event, ev.Extend) and event.duress:
        return True
    return isinstance(event, ev.Extend | ev.Out | ev.Home) and event.proof in (Proof.DURESS, Proof.WRONG)


def _duress_of(event: ev.Event) -> UUID | None:
    """Who says by this word that they are under duress."""
    if not isinstance(event, ev.Extend | ev.Out | ev.Home):
        return None
    tapped = isinstance(event, ev.Extend) and event.duress
    return event.worker_id if tapped or event.proof is Proof.DURESS else None


async def _save_alerts(tx: Tx, scene: Scene, before: list[AlertRow], after: Case) -> dict[UUID, AlertRow]:
    known = {each.id: each for each in before}
    saved: dict[UUID, AlertRow] = {}
    for alert in after.alerts:
        if alert.id in known:
            saved[alert.id] = await alerts.save(tx, known[alert.id], alert)
        else:
            saved[alert.id] = await alerts.insert_alert(tx, alert, scene.agency_id, scene.team_id)
            tx.announce("sweep")
    return saved


async def raise_without_visit(tx: Tx, scene: Scene, wanted: RaiseAlert) -> AlertRow:
    """Open (or tell the owner of) an alert that belongs to no visit."""
    rows = await alerts.open_without_visit(tx, scene.agency_id, wanted.worker_id, lock=True)
    return await _raise(tx, scene, rows, wanted)


async def raise_on_visit(tx: Tx, scene: Scene, wanted: RaiseAlert) -> AlertRow:
    """Open (or tell the owner of) an alert on the scene's visit that no event of the watch raised."""
    ids = [] if scene.visit_id is None else [scene.visit_id]
    rows = await alerts.open_of_visits(tx, ids, lock=True)
    return await _raise(tx, scene, rows, wanted)


async def _raise(tx: Tx, scene: Scene, rows: list[AlertRow], wanted: RaiseAlert) -> AlertRow:
    world = World(tx.now, await tx.policy(), scene.present, new_id)
    before = [each.alert for each in rows]
    raised, effects = case.raise_alert(before, wanted, scene.visit_id, scene.risk, world)
    known = {each.id: each for each in rows}
    saved: dict[UUID, AlertRow] = {}
    touched: AlertRow | None = None
    for alert in raised:
        if alert.id not in known:
            touched = saved[alert.id] = await alerts.insert_alert(tx, alert, scene.agency_id, scene.team_id)
        else:
            saved[alert.id] = await alerts.save(tx, known[alert.id], alert)
            if case.swallows(known[alert.id].alert, wanted) and touched is None:
                touched = saved[alert.id]
    await carry_out(tx, scene, saved, effects)
    tx.announce("sweep")
    if touched is None:
        raise ValueError("raising an alert touched none")
    return touched
