"""A Telegram bot at work for the tests: a Bot API server, our ears and door, and a dialogue that writes down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from bots.delivery.outcome import Sent
from bots.dialogue.inbox import Handle, InboxWorker, drained
from bots.dialogue.incoming import Incoming
from bots.dialogue.render import Button, Rendered
from bots.telegram.bot import TelegramBot
from bots.telegram.listening import Pace
from bots.telegram.words import Words
from config.wording import read_wording
from safety_service.actions import linking
from safety_service.actions.words import Word, sos
from safety_service.store import channels, stamps
from safety_service.store.database import Database, Tx
from safety_service.store.ids import new_id
from safety_service.store.outbox import Outgoing
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.chat import inbox
from tests.patience import until
from tests.telegram import BotApiServer, Bubble, Phone
from tests.world import World

PAGES = "https://doorstep.example"
#: Long polls that come back at once when somebody speaks. A loaded machine has time to answer: who tests what hangs
#: asks for less `grace`.
QUICK = Pace(wait=1, grace=5.0, lease=1, standby=0.02, look=0.02, stuck=0.5)


def outgoing(
    phone: Phone, *, priority: int = 2, template: str = "ask.check_in", channel_id: UUID | None = None
) -> Outgoing:
    """A message on its way to this phone, as a dispatcher holds it."""
    return Outgoing(
        id=new_id(),
        agency_id=new_id(),
        person_id=new_id(),
        channel_id=channel_id or new_id(),
        channel="telegram",
        address=str(phone.chat_id),
        priority=priority,
        template=template,
        params={},
        visit_id=None,
        alert_id=None,
        step=0,
        attempts=1,
        maybe_sent=False,
        due_at=None,
        created_at=datetime.now(UTC),
    )


class Notebook:
    """In place of the dialogue: writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []

    async def handle(self, tx: Tx, said: Incoming) -> None:
        self.heard.append(said)

    @property
    def texts(self) -> list[str]:
        """What was typed or pressed, in order."""
        return [said.text or said.token for said in self.heard]

    def of(self, phone: Phone) -> list[str]:
        """What was typed or pressed in one chat."""
        return [said.text or said.token for said in self.heard if said.chat == str(phone.chat_id)]


class Desk:
    """One agency, its people's phones, and the bot. `async with desk.working():` lets the bot listen."""

    def __init__(self, telegram: BotApiServer, world: World, dialogue: Handle | None = None) -> None:
        self.telegram = telegram
        self.world = world
        self.wording = read_wording()
        self.notebook = Notebook()
        self.dialogue = dialogue or self.notebook.handle
        self._bots: list[TelegramBot] = []

    @property
    def database(self) -> Database:
        """The store."""
        return self.world.database

    def bot(
        self, *, pace: Pace = QUICK, pages: str = PAGES, webhook: bool = False, per_second: int = 30
    ) -> TelegramBot:
        """A bot that does not listen yet. `webhook`: it is told by Telegram, at `pages`."""
        bot = TelegramBot(
            self.database,
            self.wording,
            self.dialogue,
            token=self.telegram.token,
            api_url=self.telegram.base_url,
            base_url=pages,
            webhook=webhook,
            per_second=per_second,
            pace=pace,
        )
        self._bots.append(bot)
        return bot

    async def close(self) -> None:
        """Close what every bot holds open."""
        for bot in self._bots:
            await bot.close()

    @asynccontextmanager
    async def working(self, bot: TelegramBot | None = None, *, inbox: bool = True) -> AsyncIterator[TelegramBot]:
        """Let a bot listen, and what it hears be acted on."""
        bot = bot or self.bot()
        worker = InboxWorker(self.database, bot.hear)
        tasks = [asyncio.create_task(bot.run())] + ([asyncio.create_task(worker.run())] if inbox else [])
        try:
            yield bot
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    async def hears(self, *texts: str) -> None:
        """Wait until all of this was heard, and what followed from it is committed."""
        await until(lambda: set(texts) <= set(self.notebook.texts))
        await until(self._all_handled)

    async def _all_handled(self) -> bool:
        async with self.database.reading() as tx:
            return await drained(tx)

    async def phone(self, who: str) -> Phone:
        """This person's phone, its chat linked."""
        phone = self.telegram.person(who)
        async with self.database.transaction() as tx:
            await channels.end_all(tx, self.world.ids[who])
            await channels.link(tx, self.world.ids[who], "telegram", str(phone.chat_id))
        return phone

    async def asks(self, bot: TelegramBot, phone: Phone, text: str, labels: list[str]) -> Bubble:
        """Send a question with these buttons, each carrying its own label."""
        rendered = Rendered(text, (tuple(Button(label, label) for label in labels),))
        assert isinstance(await bot.sender.send(outgoing(phone), rendered), Sent)
        return await phone.sees(text)

    async def code(self, who: str) -> str:
        """A code with which this person links a chat."""
        async with self.database.transaction() as tx:
            return (await linking.invite(tx, None, self.world.ids[who])).code

    async def chats(self, who: str) -> dict[str, str]:
        """This person's live Telegram chats."""
        async with self.database.reading() as tx:
            return {each.address: each.state for each in await channels.live(tx, self.world.ids[who])}

    async def opened_alert(self) -> UUID:
        """An alert about somebody else than Ann, its alarms gone out already."""
        alert_id = await self.opened_sos("Ben")
        await self.world.deliver()
        return alert_id

    async def opened_sos(self, who: str) -> UUID:
        """An SOS, its alarms waiting to go out."""
        await self.world.do(who, sos, None, Word())
        return (await self.world.alert()).id

    def own(self, name: str) -> str:
        """A sentence that only Telegram says."""
        return Words(self.wording).own(name)

    async def kept(self) -> list[tuple[str, str]]:
        """Every word in the inbox: the update's number, and whether it was handled."""
        async with self.database.reading() as tx:
            rows = await tx.conn.execute(select(inbox.c.provider_id, inbox.c.state).order_by(inbox.c.id))
            return [(row.provider_id, row.state) for row in rows]

    async def unsure(self) -> bool:
        """Whether it is written down of a message that it may have been taken, or not."""
        async with self.database.reading() as tx:
            rows = await tx.conn.execute(select(outbox.c.id).where(outbox.c.maybe_sent, outbox.c.state == "pending"))
            return rows.first() is not None

    async def stamped(self, name: str) -> datetime | None:
        """When this was stamped."""
        async with self.database.reading() as tx:
            stamp = await stamps.last(tx, name)
        return stamp.at if stamp else None


@asynccontextmanager
async def desk_in(world: World, dialogue: Handle | None = None) -> AsyncIterator[Desk]:
    """A desk beside a Bot API server of its own, which tells this world's time; `dialogue`: what answers there."""
    async with BotApiServer(clock=lambda: world.now) as telegram:
        desk = Desk(telegram, world, dialogue)
        yield desk
        await desk.close()
