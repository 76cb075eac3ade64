"""A provider at the edge, and a dispatcher that sends to it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import Row, select

from bots.delivery.outcome import Outcome, Sent
from bots.dialogue.render import Rendered
from safety_service.actions.telling import Priority, tell
from safety_service.store.outbox import Outgoing
from safety_service.store.tables.alerts import outbox
from scheduler.dispatcher import Dispatcher
from tests.world import World

Answer = Callable[[Outgoing], Outcome]


class Provider:
    """A channel that answers as told, or hangs until let go."""

    kind = "telegram"

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.outs: list[Outgoing] = []
        self.answers: dict[str, list[Outcome]] = {}
        self.hangs: dict[str, asyncio.Event] = {}

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        self.outs.append(out)
        if out.address in self.hangs:
            await self.hangs[out.address].wait()
        waiting = self.answers.get(out.address, [])
        outcome = waiting.pop(0) if waiting else Sent(str(len(self.taken)))
        if isinstance(outcome, Sent):
            self.taken.append((out.address, out.template))
            self.texts.append(rendered.text)
        return outcome

    def got(self, who: str) -> list[str]:
        return [template for address, template in self.taken if address == f"chat-{who}"]


@contextlib.asynccontextmanager
async def dispatching(world: World, provider: Provider, **more: Any) -> AsyncIterator[Dispatcher]:
    dispatcher = Dispatcher(world.database, [provider], holder="test", **more)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        for each in provider.hangs.values():
            each.set()
        dispatcher.stop()
        await asyncio.wait_for(task, 10)


async def say(world: World, who: str, template: str = "alert.taken", **more: Any) -> None:
    priority = more.pop("priority", Priority.NEWS)
    params = {"number": 7, "worker": "Ann", "owner": None, "at": world.now.isoformat(), "kind": "sos"}
    async with world.database.transaction() as tx:
        await tell(tx, [world.ids[who]], template, params, priority=priority, **more)


async def rows(world: World) -> list[Row[Any]]:
    async with world.database.reading() as tx:
        return list((await tx.conn.execute(select(outbox).order_by(outbox.c.id))).all())


async def is_in(world: World, state: str, attempts: int = 1) -> bool:
    return all(row.state == state and row.attempts == attempts for row in await rows(world))
