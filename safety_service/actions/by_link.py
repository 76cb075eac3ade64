"""What somebody does with the link of an alarm: look, take it, say how it goes. The link says who they are.

Nobody is signed in: only this alert is open to them, and closing it is not.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import alerts as handling
from safety_service.actions import matters
from safety_service.actions.access import may_handle
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.alarm import alarm_params, next_steps
from safety_service.actions.circle import zone_of
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep_of_alert
from safety_service.domain.words import News
from safety_service.store import alert_links, alerts, people
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx

VIA = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An alert, as whoever holds a link to it may see it now. `params`: all that its alarm says; `owner`: by name."""

    actor: Actor
    row: AlertRow
    params: dict[str, Any]
    owner: str | None
    #: What to do next, as the policy has it.
    steps: tuple[str, ...]
    zone: ZoneInfo
    now: datetime

    @property
    def mine(self) -> bool:
        """Whether the holder has it."""
        return self.row.alert.open and self.row.alert.owner_id == self.actor.person_id

    @property
    def free(self) -> bool:
        """Whether it is the holder's to take: nobody has it, or it was offered to them."""
        alert = self.row.alert
        return alert.open and (alert.owner_id is None or alert.offered_to == self.actor.person_id)


async def holder(tx: Tx, code: str) -> tuple[Actor, UUID]:
    """Whose link this is, and to which alert. Raises NotFound: unknown, too old, or its holder has left."""
    link = await alert_links.by_code(tx, code)
    if link is None:
        raise NotFound
    return await load_actor(tx, link.person_id, VIA), link.alert_id


async def look(tx: Tx, code: str) -> Held:
    """The alert as it is now. It does nothing: phones and mail programs open links unasked.

    Raises NotFound; Refused `never_your_own`, `managers_only`.
    """
    actor, alert_id = await holder(tx, code)
    row = await alerts.load(tx, alert_id)
    if row is None:
        raise NotFound
    scene = await handling.scene_of(tx, row)
    may_handle(actor, await matters.of_alert(tx, row, scene))
    owner_id = row.alert.owner_id
    # Whoever has it reads the alarm; whoever only opened the link has not, for all that we know.
    verb = "read" if owner_id == actor.person_id else "link_opened"
    await keep_of_alert(tx, actor, row, verb)
    params = await alarm_params(tx, row, scene, actor.person_id)
    return Held(
        actor=actor,
        row=row,
        params=params,
        steps=await next_steps(tx, row, params),
        owner=None if owner_id is None else (await people.get_even_unread(tx, owner_id)).name,
        zone=await zone_of(tx, row.agency_id),
        now=tx.now,
    )


async def take(tx: Tx, actor: Actor, alert_id: UUID, *, take_over: bool = False) -> None:
    """I have it, as in the chat: the first yes wins. Raises what `alerts.take` raises."""
    row = await handling.take(tx, actor, alert_id, take_over=take_over)
    await alert_links.use(tx, row.id, actor.person_id)


async def _take(tx: Tx, actor: Actor, alert_id: UUID, _step: int | None) -> None:
    await take(tx, actor, alert_id)


async def _take_over(tx: Tx, actor: Actor, alert_id: UUID, _step: int | None) -> None:
    await take(tx, actor, alert_id, take_over=True)


async def _trying(tx: Tx, actor: Actor, alert_id: UUID, _step: int | None) -> None:
    await handling.news(tx, actor, alert_id, News.STILL_TRYING)


async def _rung_999(tx: Tx, actor: Actor, alert_id: UUID, _step: int | None) -> None:
    await handling.news(tx, actor, alert_id, News.POLICE_RUNG)


async def _wake(tx: Tx, actor: Actor, alert_id: UUID, step: int | None) -> None:
    await handling.escalate(tx, actor, alert_id, step)


#: What a link is good for. Closing an alert is not among it: that takes a chat of one's own, or signing in.
ACTS: dict[str, Callable[[Tx, Actor, UUID, int | None], Awaitable[None]]] = {
    "take": _take,
    "take-over": _take_over,
    "trying": _trying,
    "rung-999": _rung_999,
    "wake": _wake,
}


async def act(tx: Tx, actor: Actor, alert_id: UUID, verb: str, step: int | None) -> None:
    """One of `ACTS`. Raises NotFound; Refused as in the chat."""
    if verb not in ACTS:
        raise NotFound
    await ACTS[verb](tx, actor, alert_id, step)
