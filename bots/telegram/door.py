"""Who may come in: a chat is linked by a code, and whoever is not linked is asked for one and told nothing else."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from telegram import LinkPreviewOptions

from bots.dialogue.incoming import Incoming
from bots.telegram.api import Api
from bots.telegram.background import Background
from bots.telegram.words import Words
from safety_service.actions import linking
from safety_service.domain.refusal import Refused
from safety_service.store import agencies
from safety_service.store.database import Tx
from safety_service.store.hot import Hot

log = logging.getLogger(__name__)

CHANNEL: Literal["telegram"] = "telegram"
START = re.compile(r"/start\s+(\S{1,64})\s*")
#: A code that was typed or pasted by itself.
BARE_CODE = re.compile(r"[A-Za-z2-7]{20,64}")
#: A stranger who goes on talking is asked this often, and then left alone until an hour has passed.
ASKED_AT_MOST = 5
ASKED_WITHIN = timedelta(hours=1)
#: A cry for help, and leaving, are for everybody.
ALWAYS = frozenset({"/sos", "/stop"})
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

Handle = Callable[[Tx, Incoming], Awaitable[None]]


class Door:
    """Stands between the inbox and the dialogue: `hear` is what the inbox worker calls with a word."""

    def __init__(
        self, api: Api, hot: Hot, words: Words, dialogue: Handle, background: Background, *, base_url: str
    ) -> None:
        self._api = api
        self._hot = hot
        self._words = words
        self._dialogue = dialogue
        self._background = background
        self._base_url = base_url
        #: Groups that were told why we leave, and those that we are about to leave.
        self._refused: set[int] = set()
        self._leaving: set[int] = set()

    async def hear(self, tx: Tx, said: Incoming) -> None:
        """Pass on what a linked person says; link whoever shows a code; ask all others for theirs."""
        code = _code_in(said) if said.channel == CHANNEL else None
        if code is not None:
            await self._link(tx, said, code)
        elif said.channel == CHANNEL and said.person_id is None:
            await self._ask_for_code(tx, said)
        elif await self._may_talk(tx, said):
            await self._dialogue(tx, said)
        else:
            self._say(tx, said.chat, self._words.own("linking_only", link=self._base_url))

    async def _may_talk(self, tx: Tx, said: Incoming) -> bool:
        """Until an agency's assessment is confirmed, Telegram carries linking, and a cry for help."""
        if said.channel != CHANNEL or said.person_id is None or said.text.strip().lower() in ALWAYS:
            return True
        return (await agencies.of_person(tx, said.person_id)).telegram_allowed

    async def _link(self, tx: Tx, said: Incoming, code: str) -> None:
        try:
            await linking.throttle(self._hot, f"{CHANNEL}:{said.chat}")
            async with tx.savepoint():
                person = await linking.link_chat(tx, CHANNEL, said.chat, code)
        except Refused as why:
            log.info("A chat was not linked: %s", why.code)
            self._say(tx, said.chat, self._words.refusal(why.code))
            return
        if not await linking.speaks(tx, CHANNEL, said.chat):
            return  # It waits for a second person, and has been told so.
        await self.hear(tx, replace(said, person_id=person.id, text="/start"))

    async def _ask_for_code(self, tx: Tx, said: Incoming) -> None:
        if await self._hot.count(f"stranger:{tx.blind(said.chat)}", ASKED_WITHIN) <= ASKED_AT_MOST:
            self._say(tx, said.chat, self._words.own("code_wanted"))

    def _say(self, tx: Tx, chat: str, text: str) -> None:
        """Say this once what was decided is kept. There may be no channel yet, so it does not go by the outbox."""
        call = self._api.rest.send_message
        tx.after_commit(lambda: self._background.start(call(chat, text, link_preview_options=NO_PREVIEW)))

    async def refuse_group(self, chat_id: int) -> None:
        """Say once that this is for one person at a time, and leave: also where nothing may be said.

        Of several updates that a group brings together the first is answered, and whoever asks us in again knows.
        """
        if chat_id in self._leaving:
            return
        self._leaving.add(chat_id)
        try:
            if chat_id not in self._refused:
                self._refused.add(chat_id)
                await self._api.rest.send_message(chat_id, self._words.own("no_groups"))
        finally:
            try:
                await self._api.rest.leave_chat(chat_id)
            finally:
                self._leaving.discard(chat_id)

    async def stop_waiting(self, query_id: str) -> None:
        """Let a pressed button stop showing that it waits."""
        await self._api.rest.answer_callback_query(query_id)


def _code_in(said: Incoming) -> str | None:
    if said.kind != "text":
        return None
    if started := START.fullmatch(said.text):
        return started[1]
    bare = said.text.strip()
    return bare if said.person_id is None and BARE_CODE.fullmatch(bare) else None
