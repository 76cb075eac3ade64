"""A phone: what its owner says goes out in order, again and again until it is confirmed; what comes in is shown."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from safety_service.simulation.chance import chance
from safety_service.simulation.faults import Crash
from safety_service.simulation.ledger import Deed, Outcome
from safety_service.simulation.network import Message
from safety_service.store.errors import DatabaseAway, TryAgain

if TYPE_CHECKING:
    from safety_service.simulation.world import World

#: Seconds until a provider hands over again what was not confirmed.
AGAIN = 1.0


class Phone:
    """One person's phone."""

    def __init__(self, world: World, person_id: UUID) -> None:
        self._world = world
        self.person_id = person_id
        self.dice = chance(world.seed, "phone", world.town.name(person_id))
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.off_until = 0.0
        self._count = 0
        self._out: asyncio.Queue[tuple[Deed, bool]] = asyncio.Queue()
        world.spawn(self._send())

    def show(self, message: Message) -> None:
        """A message arrives: now, or when the phone is on again."""
        wait = self.off_until - self._world.clock.steady()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.messages.put_nowait, message)
        else:
            self.messages.put_nowait(message)

    def say(self, do: str, *, said_ago: float = 0.0, **order: Any) -> asyncio.Future[Outcome]:
        """Say a word or press a button. The future is what the service made of it."""
        self._count += 1
        mark = f"{self._world.town.name(self.person_id)}#{self._count}"
        plain = {name: str(each) if isinstance(each, UUID) else each for name, each in order.items()}
        deed = Deed(mark, self.person_id, do, self._world.clock.true - timedelta(seconds=said_ago), plain)
        self._out.put_nowait((deed, False))
        if self.dice.random() < self._world.faults.echo:
            self._out.put_nowait((deed, True))
        return self._world.ledger.say(deed)

    async def _send(self) -> None:
        while True:
            deed, echo = await self._out.get()
            if not echo and self.dice.random() < self._world.faults.offline:
                self.off_until = self._world.clock.steady() + self.dice.uniform(20, 900)
            await asyncio.sleep(max(0.0, self.off_until - self._world.clock.steady()))
            await asyncio.sleep(self.dice.uniform(0.05, 1.0))
            await self._hand_over(deed)

    async def _hand_over(self, deed: Deed) -> None:
        world = self._world
        text = json.dumps(deed.order)
        while True:
            process = await world.up()
            world.heard_of(deed.mark)
            try:
                await process.hear(deed, text)
            except (Crash, TryAgain, DatabaseAway):
                await asyncio.sleep(AGAIN)
                continue
            world.ledger.confirmed.add(deed.mark)
            return
