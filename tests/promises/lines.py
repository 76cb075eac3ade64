"""Messages that really go out: the dispatcher, the real sender, a Bot API server, and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from scheduler.dispatcher import Dispatcher
from tests.patience import until
from tests.telegram import BotApiServer, Phone
from tests.unit.telegram_desk import Desk
from tests.world import World

#: Seconds after which a call that hangs is given up; a real service waits longer, which only costs a test time.
GIVEN_UP_AFTER = 0.5


class Lines:
    """Everybody's phone, and what goes out to it. Nothing is due but by `later`, nothing is swept but by `sweep`."""

    def __init__(self, telegram: BotApiServer, desk: Desk, phones: dict[str, Phone], dispatcher: Dispatcher) -> None:
        self.telegram = telegram
        self.desk = desk
        self.phones = phones
        self.dispatcher = dispatcher

    @property
    def world(self) -> World:
        """Who is there, and what time it is."""
        return self.desk.world

    async def later(self, seconds: float) -> None:
        """So much time passes, and the clock does what is due."""
        self.world.clock.move(timedelta(seconds=seconds))
        await self.world.sweep()

    async def tried(self, who: str, times: int = 1) -> None:
        """Wait until somebody's phone was tried so often, and until it is written down what became of that."""
        await self.telegram.called("sendMessage", self.phones[who], times=times)
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is on its way: sent, failed for good, or put off until the clock moves on."""
        await until(lambda: not any(lane.busy for lane in self.dispatcher._lanes))

    def rang(self, who: str) -> bool:
        """Whether an alarm is on this person's phone."""
        return self.phones[who].screen.find("ALARM") is not None


@asynccontextmanager
async def lines(world: World) -> AsyncIterator[Lines]:
    """Everybody has a phone, and the dispatcher is at work."""
    async with BotApiServer(clock=lambda: world.now) as telegram:
        desk = Desk(telegram, world)
        phones = {who: await desk.phone(who) for who in world.ids}
        dispatcher = Dispatcher(world.database, [desk.bot().sender], holder="lines", within=GIVEN_UP_AFTER)
        running = asyncio.create_task(dispatcher.run())
        try:
            yield Lines(telegram, desk, phones, dispatcher)
        finally:
            telegram.lift()
            dispatcher.stop()
            await running
            await desk.close()
