"""The whole service alive, as real processes, with people and their phones: to be killed, cut off and moved in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from safety_service.actions import planning, words
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.store import channels
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.tables.alerts import outbox
from safety_service.store.visits import VisitRow
from tests.patience import until
from tests.stories.harness import Service, serving
from tests.telegram import BotApiServer, Bubble, Phone
from tests.world import World, build, by_day

#: Seconds until what a running service does at once is done, on a machine that is busy.
SOON = 30.0


@dataclass
class Alive:
    """A running service and everything around it. Its time, and Telegram's, passes by `skip`."""

    service: Service
    world: World
    telegram: BotApiServer
    phones: dict[str, Phone]

    @property
    def database(self) -> Database:
        """Its database, seen from here, by its clock."""
        return self.world.database

    def skip(self, seconds: float) -> None:
        """Let so much time have passed, for the service and for Telegram."""
        self.service.skip(seconds)
        self.telegram.shift_clock(seconds)

    async def now(self) -> datetime:
        """What time it is there."""
        async with self.database.reading() as tx:
            return tx.now

    async def inside(self, who: str = "Ann", *, ref: str = "F-1") -> UUID:
        """Somebody goes in: a visit of 45 minutes, medium risk, asked every 30."""
        async with self.database.transaction() as tx:
            actor = await self.world.actor(tx, who)
            ends_at = tx.now + timedelta(minutes=45)
            request = PlanRequest(
                family_ref=ref, address_text="1 Elm Row", purpose="plan", starts_at=tx.now, ends_at=ends_at
            )
            row = await planning.plan_visit(tx, actor, request)
            await words.begin(tx, actor, row.id, Word())
        return row.id

    async def visit(self, visit_id: UUID) -> VisitRow:
        """The visit as it is now."""
        return await self.world.visit(visit_id)

    async def alerts(self, visit_id: UUID | None = None) -> list[AlertRow]:
        """Every alert, or those of one visit."""
        return [each for each in await self.world.alerts() if visit_id in (None, each.alert.visit_id)]

    async def alarmed(self, visit_id: UUID) -> AlertRow:
        """Wait until there is an alert about this visit; it must be one."""
        await until(lambda: self.alerts(visit_id), SOON, every=0.05)
        (row,) = await self.alerts(visit_id)
        return row

    async def put(self, template: str, who: str | None = None) -> list[Row[Any]]:
        """What was put into the outbox, of templates that begin so."""
        query = select(outbox).where(outbox.c.template.like(f"{template}%")).order_by(outbox.c.id)
        if who is not None:
            query = query.where(outbox.c.person_id == self.world.ids[who])
        async with self.database.reading() as tx:
            return list((await tx.conn.execute(query)).all())

    async def becomes(self, so: Callable[[], Awaitable[object]]) -> None:
        """Wait until it is so."""
        try:
            await until(so, SOON, every=0.05)
        except AssertionError as why:
            raise AssertionError(f"{why}; it said:\n{self.service.said()[-4000:]}") from None

    def on_screen(self, who: str, wanted: str) -> list[Bubble]:
        """The bot's messages with these words on somebody's phone."""
        return [each for each in self.phones[who].screen.from_bot if wanted in each.text]

    async def sees(self, who: str, wanted: str, *, times: int = 1) -> list[Bubble]:
        """Wait until so many messages with these words are on somebody's phone."""
        try:
            await until(lambda: len(self.on_screen(who, wanted)) >= times, SOON, every=0.05)
        except AssertionError:
            screen, said = self.phones[who].screen, self.service.said()[-4000:]
            raise AssertionError(f"{who} does not see {wanted!r} {times} times:\n{screen}\n\n{said}") from None
        return self.on_screen(who, wanted)

    async def counts(self, visit_id: UUID, words: int) -> None:
        """Wait until so many "+10" have been acted on. One more is no "not yet", but a fault."""

        async def counted() -> bool:
            try:
                (watch,) = (await self.visit(visit_id)).visit.watches
            except (DatabaseAway, TryAgain):
                return False
            assert watch.spent <= words * timedelta(minutes=10), "a word was acted on twice"
            return watch.spent == words * timedelta(minutes=10)

        await self.becomes(counted)


@asynccontextmanager
async def alive(folder: Path, database_url: str, *, start: bool = True, **more: Any) -> AsyncIterator[Alive]:
    """A service at work with Telegram, and an agency whose people all have phones."""
    async with BotApiServer() as telegram:
        place = {"telegram_url": telegram.base_url, "telegram_token": telegram.token, **more}
        async with (
            serving(folder / "service", database_url, start=False, **place) as service,
            service.database() as database,
        ):
            world = await build(database, policy=by_day())
            phones = {who: telegram.person(who) for who in world.ids}
            async with database.transaction() as tx:
                for who, phone in phones.items():
                    await channels.end_all(tx, world.ids[who])
                    await channels.link(tx, world.ids[who], "telegram", str(phone.chat_id))
            if start:
                await service.start()
            yield Alive(service, world, telegram, phones)
            telegram.lift()
