"""What an alert's effects become: the alarm to a rung, news to those told, questions to the owner."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from safety_service.actions import topics
from safety_service.actions.alarm import alarm_params
from safety_service.actions.scene import Scene
from safety_service.actions.telling import Calls, Priority, iso, tell
from safety_service.domain import alert_effects as ax
from safety_service.domain import climb
from safety_service.domain.words import Kind, Role
from safety_service.store import alerts as alert_rows
from safety_service.store import beside, calling, events, exclusions, people, roles, unsent
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx

log = logging.getLogger(__name__)


async def carry_out(tx: Tx, scene: Scene, alerts: Mapping[UUID, AlertRow], effect: ax.AlertEffect) -> None:
    """Put one effect of an alert into rows."""
    row = alerts[effect.alert_id]
    await _HANDLERS[type(effect)](tx, scene, row, effect)
    tx.announce(topics.of_alert(row.id))


async def may_hear(tx: Tx, scene: Scene, row: AlertRow, people_ids: Iterable[UUID]) -> list[UUID]:
    """Without those who are kept off it by now, told before or not; of duress without who is beside the worker (P5)."""
    family_id = None if scene.row is None else scene.row.family_id
    workers = scene.workers if row.alert.worker_id is None else scene.workers | {row.alert.worker_id}
    barred = await exclusions.excluded_any(tx, workers, family_id)
    if row.alert.kind is Kind.DURESS and row.alert.worker_id is not None:
        barred |= await beside.of(tx, {row.alert.worker_id})
    return sorted(frozenset(people_ids) - barred)


async def _tell_rung(tx: Tx, scene: Scene, row: AlertRow, effect: ax.TellRung) -> None:
    params = await alarm_params(tx, row, scene)
    sent = await tell(
        tx,
        await may_hear(tx, scene, row, effect.people),
        f"alarm.{row.alert.kind}",
        {**params, "passed": list(effect.passed), "again": effect.again},
        priority=Priority.DANGER if row.alert.danger else Priority.ALARM,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        about=row.alert.worker_id,
        step=effect.step,
        due_at=tx.now if effect.again else row.alert.opened_at,
        dedupe=f"alarm:{row.id}:{effect.step}",
        calls=Calls(row.alert.ladder.calls, row.alert.ladder.between_calls),
    )
    if await calling.called(tx, row.id, effect.step):
        row = await alert_rows.save(tx, row, climb.called(row.alert, tx.now))
    details = {
        "rung": effect.rung,
        "step": effect.step,
        "people": sorted(str(each) for each in effect.people),
        "passed": list(effect.passed),
        "messages": sent,
    }
    await _log(tx, row, "told", details)
    if not sent:
        # Nobody on this rung has a way to be reached: the next one hears in this same second, not after a wait.
        passed = await alert_rows.save(tx, row, replace(row.alert, reach_by=tx.now))
        tx.announce("sweep")
        if effect.rung >= row.alert.ladder.last:
            await _nobody_there(tx, scene, passed, ax.NobodyThere(row.id))


async def _tell_told(tx: Tx, scene: Scene, row: AlertRow, effect: ax.TellTold) -> None:
    by = None if effect.by is None else (await people.get_even_unread(tx, effect.by)).name
    params = {
        **await short_of(tx, row),
        "by": by,
        "note": effect.note,
        "said_at": iso(effect.said_at),
        "found": None if row.alert.resolution is None else row.alert.resolution.found,
        "known_by": None if row.alert.resolution is None else row.alert.resolution.known_by,
    }
    if effect.what in ("taken", "taken_over", "resolved"):
        await _spare_the_rest(tx, row, effect.what)
    await tell(
        tx,
        # Who says it knows it; who let it lapse must hear so.
        await may_hear(tx, scene, row, [e for e in row.alert.told if e != effect.by or effect.what == "lapsed"]),
        f"alert.{effect.what}",
        params,
        priority=Priority.NEWS,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        about=row.alert.worker_id,
        step=row.alert.step,
    )


async def _spare_the_rest(tx: Tx, row: AlertRow, what: str) -> None:
    """Alarms that are still waiting need not go out; with SOS the second rung hears although the first has it (P5)."""
    if what == "resolved" or not row.alert.danger:
        await unsent.drop_pending(tx, row.id, what)
    else:
        await calling.drop_calls(tx, row.id, row.alert.owner_id, what)


async def _tell_owner(tx: Tx, scene: Scene, row: AlertRow, effect: ax.TellOwner) -> None:
    params = {**await short_of(tx, row), "by_at": iso(effect.by_at)}
    await tell(
        tx,
        await may_hear(tx, scene, row, [effect.owner_id]),
        f"alert.{effect.what}",
        params,
        priority=Priority.DANGER if row.alert.danger else Priority.ALARM,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        about=row.alert.worker_id,
        step=row.alert.step,
    )


async def _tell_worker(tx: Tx, _scene: Scene, row: AlertRow, effect: ax.TellWorker) -> None:
    if row.alert.worker_id is None:
        return
    params = {"at": iso(tx.now)}
    await tell(
        tx,
        [row.alert.worker_id],
        f"worker.{effect.what}",
        params,
        priority=Priority.QUESTION,
        visit_id=row.alert.visit_id,
        dedupe=f"read:{row.id}:{row.alert.owner_id}",
    )


async def _offer(tx: Tx, scene: Scene, row: AlertRow, effect: ax.Offer) -> None:
    giver = await people.get_even_unread(tx, effect.by)
    params = {**await alarm_params(tx, row, scene), "by": giver.name, "by_at": iso(row.alert.next_at)}
    await tell(
        tx,
        [effect.to],
        "alert.offer",
        params,
        priority=Priority.ALARM,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        about=row.alert.worker_id,
        step=row.alert.step,
    )


async def _ask_second(tx: Tx, scene: Scene, row: AlertRow, effect: ax.AskSecond) -> None:
    found = row.alert.resolution
    params = {
        **await short_of(tx, row),
        "by": (await people.get_even_unread(tx, effect.by)).name,
        "found": None if found is None else found.found,
        "known_by": None if found is None else found.known_by,
        "note": "" if found is None else found.note,
    }
    await tell(
        tx,
        await may_hear(tx, scene, row, [each for each in row.alert.told if each != effect.by]),
        "alert.second_wanted",
        params,
        priority=Priority.ALARM,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        about=row.alert.worker_id,
        step=row.alert.step,
    )


async def _nobody_there(tx: Tx, scene: Scene, row: AlertRow, _effect: ax.NobodyThere) -> None:
    """The administrators hear, and as people who were told they may take it."""
    log.critical("alert %s: nobody on duty or standing by can be reached", row.alert.number)
    await _log(tx, row, "nobody_there", {"rung": row.alert.rung})
    everyone = await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=row.agency_id)
    allowed = await may_hear(tx, scene, row, everyone)
    administrators = frozenset(allowed) - scene.workers - {row.alert.worker_id}
    row = await alert_rows.save(tx, row, replace(row.alert, told=row.alert.told | administrators))
    params = await short_of(tx, row)
    about = row.alert.worker_id
    await tell(tx, administrators, "alert.nobody", params, priority=Priority.ALARM, alert_id=row.id, about=about)


async def _resolved_now(_tx: Tx, _scene: Scene, _row: AlertRow, _effect: ax.ResolvedNow) -> None:
    """The watch is re-armed by the action that resolved, in the same transaction."""


async def short_of(tx: Tx, row: AlertRow) -> dict[str, Any]:
    """What any message about it may say."""
    alert = row.alert
    worker = None if alert.worker_id is None else (await people.get_even_unread(tx, alert.worker_id)).name
    owner = None if alert.owner_id is None else (await people.get_even_unread(tx, alert.owner_id)).name
    return {
        "alert_id": str(alert.id),
        "number": alert.number,
        "kind": alert.kind,
        "state": alert.state,
        "step": alert.step,
        "worker": worker,
        "owner": owner,
        "at": iso(tx.now),
        "visit_id": None if alert.visit_id is None else str(alert.visit_id),
    }


async def _log(tx: Tx, row: AlertRow, verb: str, details: dict[str, Any]) -> None:
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None,
        verb=verb,
        subject="alert",
        subject_id=row.id,
        visit_id=row.alert.visit_id,
        alert_id=row.id,
        details=details,
    )


_HANDLERS: dict[type, Callable[[Tx, Scene, AlertRow, Any], Awaitable[None]]] = {
    ax.TellRung: _tell_rung,
    ax.TellTold: _tell_told,
    ax.TellOwner: _tell_owner,
    ax.TellWorker: _tell_worker,
    ax.Offer: _offer,
    ax.AskSecond: _ask_second,
    ax.NobodyThere: _nobody_there,
    ax.ResolvedNow: _resolved_now,
}
