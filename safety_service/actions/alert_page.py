"""An alert as its page shows it: what is needed to act, and its story. Opening it is kept, and moves nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from safety_service.actions import delivering, elsewhere, kept_files, matters, passing, timeline, topics
from safety_service.actions.access import Matter, may_handle, may_see_alert
from safety_service.actions.actor import Actor
from safety_service.actions.alarm import alarm_params, next_steps, watched_by
from safety_service.actions.alerts import scene_of
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep_of_alert
from safety_service.actions.scene import Scene
from safety_service.domain.refusal import Refused
from safety_service.domain.timeline import Facts
from safety_service.domain.words import Kind
from safety_service.store import alert_now, alerts
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.kept_files import KeptFile
from safety_service.store.people import Person

#: Of messages, and of deeds: so many of the latest. The whole story is a page of text of its own.
LATEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """What a page of an alert is made of."""

    row: AlertRow
    facts: Facts
    #: All that its alarm says.
    params: Mapping[str, Any]
    #: Whether the reader may act on it now.
    may: bool
    #: What to do next, as the policy has it.
    steps: Sequence[str]
    #: To whom its owner, if they are the reader, could pass it on.
    receivers: Sequence[Person]
    #: What was spoken and photographed there.
    files: Sequence[KeptFile]
    #: Where and why the visit was has been removed.
    emptied: bool

    @property
    def hushed(self) -> bool:
        """Whether somebody may be watching the worker, so that nobody is to ring them."""
        return self.params.get("variant") == Kind.DURESS


async def look(tx: Tx, actor: Actor, alert_id: UUID) -> AlertPage | AlertRow:
    """The page; of an alert about the reader's own visit only its row: what may lie behind it is not for their screen.

    That it was read is kept, and that what the reader was told of it has reached them. Raises NotFound.
    """
    row, scene, matter = await _seen(tx, actor, alert_id)
    await keep_of_alert(tx, actor, row, "read")
    if actor.person_id not in matter.workers:
        await tx.keep(partial(delivering.read, person_id=actor.person_id, alert_id=alert_id))
    return await _drawn(tx, actor, row, scene, matter)


async def look_again(tx: Tx, actor: Actor, alert_id: UUID) -> AlertPage | AlertRow:
    """The same for a page that is open already, so that nothing is kept again. Raises NotFound: it never was opened."""
    row, scene, matter = await _seen(tx, actor, alert_id)
    if not await alert_now.was_read(tx, alert_id, actor.person_id):
        raise NotFound
    return await _drawn(tx, actor, row, scene, matter)


async def mark(tx: Tx, actor: Actor, alert_id: UUID) -> str:
    """Another mark whenever the page would show something else. Raises NotFound."""
    row, scene, _ = await _seen(tx, actor, alert_id)
    # The same worker may be watched by somebody since: nobody is to ring them, about whatever alert.
    watched = row.alert.worker_id is not None and bool(await watched_by(tx, row.alert.worker_id, actor.person_id))
    files = (f"{each.id.hex}{each.gone or bool(each.next_at)}" for each in await kept_files.of_alert(tx, actor, row))
    away = await elsewhere.last_heard(tx, row, scene.workers, actor.person_id)
    return f"{await alert_now.mark_of(tx, alert_id)}.{int(watched)}.{away}.{'.'.join(files)}"


async def heard_from(tx: Tx, actor: Actor, alert_id: UUID) -> tuple[str, ...]:
    """What is announced when something happens around it. Raises NotFound."""
    row, scene, _ = await _seen(tx, actor, alert_id)
    board = () if scene.team_id is None else (f"board:{scene.team_id}",)
    return (topics.of_alert(row.id), *board)


async def _seen(tx: Tx, actor: Actor, alert_id: UUID) -> tuple[AlertRow, Scene, Matter]:
    row = await alerts.load(tx, alert_id)
    if row is None:
        raise NotFound
    scene = await scene_of(tx, row)
    matter = await matters.of_alert(tx, row, scene)
    may_see_alert(actor, matter)
    return row, scene, matter


async def _drawn(tx: Tx, actor: Actor, row: AlertRow, scene: Scene, matter: Matter) -> AlertPage | AlertRow:
    if actor.person_id in matter.workers:
        return row
    params = await alarm_params(tx, row, scene, actor.person_id)
    may = row.alert.open and _may(actor, matter)
    mine = may and row.alert.owner_id == actor.person_id
    return AlertPage(
        row=row,
        facts=await timeline.facts_of(tx, row, scene, with_text=True, most=LATEST, reader_id=actor.person_id),
        params=params,
        may=may,
        steps=await next_steps(tx, row, params) if may else (),
        receivers=await passing.receivers(tx, actor, row, scene, matter) if mine else (),
        files=await kept_files.of_alert(tx, actor, row),
        emptied=scene.row is not None and scene.row.removed,
    )


def _may(actor: Actor, matter: Matter) -> bool:
    try:
        may_handle(actor, matter)
    except Refused:
        return False
    return True
