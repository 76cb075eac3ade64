"""Talking to the bot in tests, channel-neutral: words go through the real inbox, answers are read as they are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bots.dialogue.inbox import InboxWorker, take_in
from bots.dialogue.incoming import Incoming, Kind, Place
from bots.dialogue.render import Button, Rendered, ceiling_for, render
from bots.dialogue.router import handle
from safety_service.store import channels, inbox
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.chat import inbox as inbox_rows
from tests.world import World

_NUMBERS = count(1)


@dataclass(frozen=True)
class Bubble:
    """A message as its reader sees it."""

    template: str
    shown: Rendered
    params: dict[str, Any]

    @property
    def text(self) -> str:
        """What it says."""
        return self.shown.text

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [button.label for row in self.shown.buttons for button in row]

    def button(self, label: str) -> Button:
        """The button with this label."""
        return next(button for row in self.shown.buttons for button in row if button.label == label)


@dataclass
class Talk:
    """Everybody's chats with the bot. `new` is what the last word was answered with, for whoever said it."""

    world: World
    channel: str = "telegram"
    new: list[Bubble] = field(default_factory=list)

    async def says(self, who: str, text: str, *, at: datetime | None = None) -> list[Bubble]:
        """Type something."""
        return await self._word(who, "text", text=text, at=at)

    async def presses(self, who: str, label: str, *, of: Bubble | None = None) -> list[Bubble]:
        """Press the newest button with this label (or the one of a certain message)."""
        bubble = of or next(each for each in reversed(await self.screen(who)) if label in each.labels)
        return await self._word(who, "button", token=bubble.button(label).token or "")

    async def token(self, who: str, token: str) -> list[Bubble]:
        """Press a button that carries this."""
        return await self._word(who, "button", token=token)

    async def sends(self, who: str, kind: Kind, *, place: Place | None = None, text: str = "") -> list[Bubble]:
        """Send a position, a voice note, a photo."""
        return await self._word(who, kind, place=place, text=text)

    async def _word(
        self,
        who: str,
        kind: Kind,
        *,
        text: str = "",
        token: str = "",
        place: Place | None = None,
        at: datetime | None = None,
    ) -> list[Bubble]:
        before = len(await self.screen(who))
        async with self.world.database.transaction() as tx:
            word = Incoming(
                person_id=self.world.ids[who],
                channel=self.channel,
                kind=kind,
                said_at=at or tx.now,
                provider_id=str(next(_NUMBERS)),
                chat=f"chat-{who}",
                text=text,
                token=token,
                position=place,
            )
            await take_in(tx, self.channel, word.provider_id, word.chat, word.person_id, word.said_at, word.payload())
        await InboxWorker(self.world.database, handle).drain()
        assert not await self.failed(), "a word could not be acted on"
        self.new = (await self.screen(who))[before:]
        return self.new

    async def screen(self, who: str, *, channel: str | None = None) -> list[Bubble]:
        """Everything in this person's chat, as it is shown there."""
        kind = channel or self.channel
        async with self.world.database.reading() as tx:
            policy = await tx.policy()
            query = select(outbox).where(outbox.c.person_id == self.world.ids[who], outbox.c.channel == kind)
            rows = (await tx.conn.execute(query.order_by(outbox.c.id))).all()
        return [
            Bubble(
                row.template,
                render(
                    row.template,
                    row.params,
                    channel=kind,
                    ceiling=ceiling_for(policy, kind, row.template),
                    zone=ZoneInfo("Europe/London"),
                    now=row.created_at,
                    public_url="https://doorstep.example",
                ),
                row.params,
            )
            for row in rows
        ]

    async def failed(self) -> list[str]:
        """Words that were given up."""
        async with self.world.database.reading() as tx:
            given_up = select(inbox_rows.c.error).where(inbox_rows.c.state == "failed")
            return list((await tx.conn.execute(given_up)).scalars())

    async def taps(self, who: str, since: datetime) -> int:
        """How often this person pressed something since then."""
        return await taps(self.world.database, self.world.ids[who], since)


async def taps(database: Database, person_id: UUID, since: datetime, *, channel: str | None = None) -> int:
    """How often a person pressed something since then, by the chat's own record: what is typed is no tap."""
    async with database.reading() as tx:
        words = await inbox.of_person(tx, person_id, since, channel=channel)
    return sum(each.payload["kind"] in ("button", "position") for each in words)


async def with_page(world: World, who: str) -> UUID:
    """Give this person the chat page in a browser, too."""
    async with world.database.transaction() as tx:
        return (await channels.link(tx, world.ids[who], "webchat", str(world.ids[who]))).id
