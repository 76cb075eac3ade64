"""News that something came from there while an alert is open: whoever has it may be on the way, with a phone alone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from safety_service.actions import from_there
from safety_service.actions.alert_news import may_hear, short_of
from safety_service.actions.alerts import scene_of
from safety_service.actions.apart import by_itself
from safety_service.actions.telling import Priority, tell
from safety_service.store import alert_now, alerts, people
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx

#: Of one alert and one sender nobody hears it more often: who sends one thing sends three.
ONCE_IN = timedelta(minutes=1)


async def hear(tx: Tx, person_id: UUID, visit_id: UUID | None) -> None:
    """Words, a voice note or a photo came: open pages show it, and whoever has the alert is told, or all told so far.

    The word itself is never lost for want of the news of it.
    """
    await from_there.show(tx, person_id, visit_id)
    for alert_id in await alert_now.open_about(tx, person_id, visit_id):
        row = await alerts.load(tx, alert_id)
        # Of one that this very word has opened its alarm says so.
        if row is not None and row.alert.opened_at < tx.now:
            await by_itself(tx, _tell(tx, row, person_id), "telling that something came from there")


async def _tell(tx: Tx, row: AlertRow, sender_id: UUID) -> None:
    alert = row.alert
    told = alert.told if alert.owner_id is None else {alert.owner_id}
    allowed = await may_hear(tx, await scene_of(tx, row), row, told - {sender_id})
    template, params = await _named(tx, row, sender_id)
    await tell(
        tx,
        allowed,
        template,
        params,
        priority=Priority.NEWS,
        visit_id=alert.visit_id,
        alert_id=row.id,
        about=alert.worker_id,
        step=alert.step,
        # A colleague's word leaves the worker's own its minute.
        dedupe=f"came:{row.id}:{(tx.now - alert.opened_at) // ONCE_IN}:{sender_id}",
    )


async def _named(tx: Tx, row: AlertRow, sender_id: UUID) -> tuple[str, dict[str, Any]]:
    """A colleague is named: taken for the worker's own, their word would prove the worker alive."""
    params = {**await short_of(tx, row), "page": f"/alerts/{row.id}"}
    if sender_id == row.alert.worker_id:
        return "alert.came", params
    return "alert.came_along", {**params, "by": (await people.get_even_unread(tx, sender_id)).name}
