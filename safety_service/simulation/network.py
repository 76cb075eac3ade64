"""The channels' providers: they take, refuse, lose, delay and repeat messages, and remember what they took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Sent, Unknown
from bots.dialogue.render import Rendered
from safety_service.simulation.chance import chance
from safety_service.simulation.faults import Faults, Meant
from safety_service.store.outbox import Outgoing
from scheduler.bundling import Parcel


@dataclass(frozen=True, slots=True)
class Message:
    """What stands on somebody's screen."""

    id: UUID
    person_id: UUID
    channel: str
    template: str
    params: dict[str, Any]
    text: str
    alert_id: UUID | None
    visit_id: UUID | None
    repeat: bool


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A message as it was handed to a provider, and the rows that are told by it."""

    out: Outgoing
    rows: tuple[Outgoing, ...]


class Network:
    """Every provider. `arrive` is called for each message that reaches a phone."""

    def __init__(self, seed: int, faults: Faults, arrive: Callable[[Message], None]) -> None:
        self._seed = seed
        self.faults = faults
        self._arrive = arrive
        self._dice: dict[str, Any] = {}
        #: Messages that a provider said it has taken; and those that it has or may have: said again, they say so.
        self.took: set[UUID] = set()
        #: The rows of a message that speaks for several.
        self._rows: dict[UUID, tuple[Outgoing, ...]] = {}
        self.perhaps: set[UUID] = set()
        self.blocked: set[str] = set()
        self.down: set[str] = set()
        self.on_hand_over: Callable[[HandedOver], None] = lambda _: None

    def together(self, parcel: Parcel) -> None:
        """These rows go as one message."""
        self._rows[parcel.out.id] = parcel.rows

    async def take(self, out: Outgoing, rendered: Rendered) -> Outcome:
        """One message, from a dispatcher. It comes to the provider even where the dispatcher no longer waits."""
        loop = asyncio.get_running_loop()
        rows = self._rows.pop(out.id, (out,))
        self.on_hand_over(HandedOver(out, rows))
        dice = self._dice.setdefault(out.address, chance(self._seed, "network", out.address))
        fate, faults = dice.random(), self.faults
        if out.channel in self.down:
            await asyncio.sleep(0.2 if fate < 0.5 else 60)
            return NotSent("the provider does not answer")
        if out.address in self.blocked:
            return Blocked("shut by the person")
        await asyncio.sleep(dice.uniform(0.05, 0.8))
        if fate < (edge := faults.not_sent):
            return NotSent("refused for now")
        if fate < (edge := edge + faults.later):
            return Later(dice.uniform(1, 20), whole_channel=dice.random() < 0.5)
        self.perhaps.update(each.id for each in rows)
        if fate < (edge := edge + faults.fails):
            raise Meant("the sender failed")
        if fate < (edge := edge + faults.slow):
            self._shown(out, rendered, loop, 1.0 if dice.random() < 0.5 else None)
            await asyncio.sleep(dice.uniform(5, 20))
            return Unknown("cut while it answered")
        self.took.update(each.id for each in rows)
        if fate < (edge := edge + faults.lost):
            return Sent(f"lost-{out.id}")
        self._shown(out, rendered, loop, 0.1)
        if fate < edge + faults.twice:
            self._shown(out, rendered, loop, 3.0)
        return Sent(f"sent-{out.id}")

    def _shown(self, out: Outgoing, rendered: Rendered, loop: asyncio.AbstractEventLoop, after: float | None) -> None:
        if after is None:
            return
        message = Message(
            id=out.id,
            person_id=out.person_id,
            channel=out.channel,
            template=out.template,
            params=out.params,
            text=rendered.text,
            alert_id=out.alert_id,
            visit_id=out.visit_id,
            repeat=out.maybe_sent,
        )
        loop.call_later(after, self._arrive, message)


class Way:
    """One channel's way out, as one process has it."""

    def __init__(self, kind: str, network: Network, alive: Callable[[], bool]) -> None:
        self.kind = kind
        self._network = network
        self._alive = alive

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        """Hand it over; a process that died meanwhile hears no answer."""
        outcome = await self._network.take(out, rendered)
        if not self._alive():
            raise asyncio.CancelledError
        return outcome
