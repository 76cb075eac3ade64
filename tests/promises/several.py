"""Several of each: two whole services on one PostgreSQL and one Redis, with one Telegram and many people."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import ClientSession
from sqlalchemy import select

from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy, Role
from safety_service.store import channels, inbox
from safety_service.store.clock import OFFSET_FILE
from safety_service.store.tables.system import lease
from tests import world as agency
from tests.conftest import had
from tests.http import Program, paired
from tests.patience import until
from tests.promises.alive import Alive
from tests.services.postgres import shared_postgres
from tests.services.run import Run
from tests.services.template import execute, postgres_template
from tests.stories.harness import Service, serving
from tests.telegram import BotApiServer
from tests.world import build, by_day

REPEATED = "Said again"


@dataclass
class Several(Alive):
    """`service` and `other` are the two, of one clock. `workers`: who may go in."""

    other: Service
    workers: Sequence[str]
    until_the_end: AsyncExitStack

    async def pair(self, who: str, *services: Service) -> list[Program]:
        """A program of theirs, paired once, that talks to each of these services."""
        programs: list[Program] = []
        for each in services:
            session = await self.until_the_end.enter_async_context(ClientSession(each.url))
            programs.append(Program(session, programs[0].token) if programs else await paired(self.world, session, who))
        return programs

    async def holder(self, name: str = "telegram_poller") -> int:
        """The id of the process that holds this lock; 0: nobody's."""
        async with self.database.reading() as tx:
            holder = (await tx.conn.execute(select(lease.c.holder).where(lease.c.name == name))).scalar()
        return int(str(holder).split(":")[1]) if holder else 0

    async def heard(self) -> None:
        """Wait until all that was said has been acted on."""

        async def is_empty() -> bool:
            async with self.database.reading() as tx:
                return await inbox.empty(tx)

        await self.telegram.all_taken(timeout=60)
        await self.becomes(is_empty)

    async def settled(self) -> None:
        """Wait until nothing is on its way."""

        async def is_done() -> bool:
            now = await self.now()
            waiting = [each for each in await self.put("") if each.state in ("pending", "sending")]
            return not [each for each in waiting if each.state == "sending" or each.not_before <= now]

        await self.becomes(is_done)

    async def over(self, visits: Mapping[str, UUID]) -> None:
        """Whatever is open is closed, and they go home: nothing of this is said any more."""
        for who, visit_id in visits.items():
            for row in await self.alerts(visit_id):
                await self.world.do("Mia", alerts.take, row.id, take_over=True)
                await self.world.do("Mia", alerts.resolve, row.id, Found.SAFE, KnownBy.HEARD_VOICE)
            await self.world.do(who, words.left, visit_id, Word())
            await self.world.do(who, words.home, visit_id, Word())
        await self.settled()

    async def told_once(self, who: str, numbers: Collection[int]) -> None:
        """Each of these alarms is on this phone: once, or else what came again says so."""
        shown = self.on_screen(who, "ALARM") + self.on_screen(who, "alarms")
        first = Counter(number for number in numbers for each in shown if _names(each.text, number, again=False))
        ever = {number for number in numbers for each in shown if _names(each.text, number, again=True)} | set(first)
        assert ever == set(numbers), f"not told: {set(numbers) - ever}\n{self.phones[who].screen}"
        assert max(first.values(), default=0) <= 1, f"told twice: {first}\n{self.phones[who].screen}"


def _names(text: str, number: int, *, again: bool) -> bool:
    """By itself, or as a line of a message for several."""
    return bool(re.search(rf"ALARM {number}\.|^{number} W\d", text, re.MULTILINE)) and (REPEATED in text) == again


@asynccontextmanager
async def several(
    run: Run,
    folder: Path,
    *,
    redis_url: str,
    workers: int,
    roles: tuple[str | None, str | None] = (None, None),
    start: bool = True,
    **more: Any,
) -> AsyncIterator[Several]:
    """Two of each at work, on a database of their own. `roles`: what each is; all, if nothing is said."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(a_database(run))
        telegram = await stack.enter_async_context(BotApiServer())
        place = {"telegram_url": telegram.base_url, "telegram_token": telegram.token, "redis_url": redis_url, **more}
        one = await stack.enter_async_context(serving(folder / "one", url, start=False, roles=roles[0], **place))
        place[OFFSET_FILE] = str(one.folder / "clock")
        other = await stack.enter_async_context(serving(folder / "other", url, start=False, roles=roles[1], **place))
        world = await build(await stack.enter_async_context(one.database()), policy=by_day())
        names = [f"W{number}" for number in range(1, workers + 1)]
        async with world.database.transaction() as tx:
            for name in names:
                await agency._person(tx, world, name, frozenset({Role.PRACTITIONER}), None)
            phones = {who: telegram.person(who) for who in world.ids}
            for who, phone in phones.items():
                await channels.end_all(tx, world.ids[who])
                await channels.link(tx, world.ids[who], "telegram", str(phone.chat_id))
        if start:
            await asyncio.gather(*(up(each) for each in (one, other)))
        yield Several(one, world, telegram, phones, other, names, stack)
        telegram.lift()


@asynccontextmanager
async def a_database(run: Run) -> AsyncIterator[str]:
    """A fresh database in PostgreSQL, for as long as a whole file of tests needs it."""
    server = had(shared_postgres, run)
    template = await postgres_template(run, server)
    name = f"test_{uuid.uuid4().hex}"
    await execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield server.url(name)
    finally:
        await execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def up(service: Service) -> None:
    """Start it and wait until all of its roles are begun."""
    before = service.said().count("begun as")
    await service.start(ready=False)
    roles = service.words[-1].split(",") if service.words else ["web", "bot", "scheduler"]
    try:
        await until(lambda: service.said().count("begun as") - before >= len(roles), 180, every=0.1)
    except AssertionError as why:
        raise AssertionError(f"{why}; it said:\n{service.said()[-4000:]}") from None
    if "web" in roles:
        await service.ready(within=180)


def runs(service: Service) -> bool:
    """Whether it is there."""
    return service._process is not None and service._process.poll() is None


async def all_inside(here: Several, workers: Collection[str]) -> dict[str, UUID]:
    """Each of them goes in, at a family of their own."""
    return {who: await here.inside(who, ref=f"F-{who}") for who in workers}
