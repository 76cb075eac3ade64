"""Handing messages to Telegram, and saying what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from telegram import Bot, LinkPreviewOptions
from telegram.error import ChatMigrated, TelegramError

from bots.delivery.outcome import Outcome, Refused, Sent
from bots.dialogue.render import Rendered
from bots.telegram.api import Api
from bots.telegram.errors import outcome_of
from bots.telegram.keyboard import Markup, as_lines, links, markup_for, wants_paperclip, without_links
from bots.telegram.pacing import Pacing
from bots.telegram.request import Flooded
from bots.telegram.words import Words
from safety_service.actions.telling import Priority
from safety_service.store.outbox import Outgoing

LONGEST = 4096  # of Telegram's characters, which are UTF-16 code units
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

#: Told when a chat has a new address.
Moved = Callable[[Outgoing, str], Awaitable[None]]
#: Takes off the screen what should not stand beside this message; never raises.
Tidy = Callable[[Outgoing], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One way of showing a message."""

    text: str
    markup: Markup | None
    #: It may be neither forwarded nor copied.
    protected: bool


class TelegramSender:
    """The sender for channels of kind `telegram`. Danger has connections of its own."""

    kind = "telegram"

    def __init__(self, api: Api, words: Words, moved: Moved, tidy: Tidy, pacing: Pacing) -> None:
        self._api = api
        self._pacing = pacing
        self._words = words
        self._moved = moved
        self._tidy = tidy

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        """Hand one message over.

        A message that Telegram refuses because of its buttons goes out with its links written out, and at last with
        no buttons at all: what it says matters more. What should not stand beside it is taken off the screen in the
        same step, so that it is done again if we are killed in the middle.
        """
        if out.priority <= Priority.DANGER:
            outcome, _, _ = await asyncio.gather(self._send(out, rendered), self._tidy(out), self._pacing.count(out))
            return outcome
        if (later := await self._pacing.turn(out)) is not None:
            return later
        outcome, _ = await asyncio.gather(self._send(out, rendered), self._tidy(out))
        return outcome

    async def _send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        bot = self._line(out)
        protected = rendered.remove_at_door or out.template.startswith("alarm.")
        outcome: Outcome = Refused("there is nothing to say")
        for shown in self._ways_to_show(rendered, protected=protected):
            outcome = await self._hand_over(bot, out, shown)
            if not isinstance(outcome, Refused):
                break
        return outcome

    def _line(self, out: Outgoing) -> Bot:
        if out.priority <= Priority.DANGER:
            return self._api.danger
        return self._api.urgent if out.priority <= Priority.ALARM else self._api.rest

    async def _hand_over(self, bot: Bot, out: Outgoing, shown: Shown) -> Outcome:
        try:
            try:
                return await _call(bot, out.address, shown)
            except ChatMigrated as moved:
                address = str(moved.new_chat_id)
                await self._moved(out, address)
                return await _call(bot, address, shown)
        except Flooded as error:
            await self._pacing.flooded(out, error.seconds)
            return outcome_of(error)
        except TelegramError as error:
            return outcome_of(error)

    def _ways_to_show(self, rendered: Rendered, *, protected: bool) -> Iterator[Shown]:
        hint = [self._words.own("use_paperclip")] if wants_paperclip(rendered.buttons) else []
        yield Shown(_fitted(rendered.text, hint), markup_for(rendered.buttons), protected)
        if written := as_lines(links(rendered.buttons)):
            markup = markup_for(without_links(rendered.buttons))
            yield Shown(_fitted(rendered.text, [*hint, *written]), markup, protected)
        if rendered.buttons:
            yield Shown(_fitted(rendered.text, written), None, protected)


async def _call(bot: Bot, address: str, shown: Shown) -> Outcome:
    message = await bot.send_message(
        address,
        shown.text,
        reply_markup=shown.markup,
        protect_content=shown.protected,
        link_preview_options=NO_PREVIEW,
    )
    return Sent(str(message.message_id))


def _fitted(text: str, lines: list[str]) -> str:
    """The text with these lines below it, cut where it is too long; the lines are kept."""
    below = "".join(f"\n{line}" for line in lines)
    room = LONGEST - _length(below)
    if _length(text) > room:
        text = text.encode("utf-16-le")[: 2 * (room - 1)].decode("utf-16-le", "ignore") + "…"
    return text + below


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
