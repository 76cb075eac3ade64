"""What becomes of an update as it comes in: kept for the dialogue, or done to the channel at once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from bots.dialogue.inbox import take_in
from bots.dialogue.incoming import Incoming, Kind
from bots.telegram.api import JSON
from bots.telegram.background import Background
from bots.telegram.door import CHANNEL, Door
from bots.telegram.said import message_said_at, press_said_at
from bots.telegram.taking import Hearing
from bots.telegram.updates import Heard, What, read_update
from safety_service.actions import delivering
from safety_service.store import channels
from safety_service.store.database import Tx

#: What is kept for the dialogue, and as what.
WORDS: dict[What, Kind] = {
    What.TEXT: "text",
    What.BUTTON: "button",
    What.POSITION: "position",
    What.LIVE_POSITION: "live_position",
    What.VOICE: "voice",
    What.PHOTO: "photo",
    What.DOCUMENT: "document",
    What.NOTE: "note",
}


class Ear:
    """Takes updates in, each in the transaction of whoever brings it."""

    def __init__(self, door: Door, background: Background) -> None:
        self._door = door
        self._background = background

    async def take(self, tx: Tx, update: JSON, hearing: Hearing) -> None:
        """Keep what this update says; what is answered at once is answered after the commit."""
        heard = read_update(update)
        if heard is None:
            return
        if heard.what is What.GROUP:
            tx.after_commit(lambda: self._background.start(self._door.refuse_group(heard.chat_id)))
        elif heard.what is What.MOVED:
            await self._moved(tx, heard)
        elif heard.what in WORDS:
            await self._keep(tx, heard, hearing)
        else:
            await self._blocked_or_not(tx, heard)

    async def _keep(self, tx: Tx, heard: Heard, hearing: Hearing) -> None:
        chat = str(heard.chat_id)
        channel = await channels.by_address(tx, CHANNEL, chat)
        person_id = None if channel is None else channel.person_id
        word = _incoming(heard, said_at(heard, hearing))
        await take_in(tx, CHANNEL, word.provider_id, chat, person_id, word.said_at, word.payload())
        if heard.query_id:
            # It only stops the button's waiting, so it is said as soon as the press is kept.
            tx.after_commit(lambda: self._background.start(self._door.stop_waiting(heard.query_id)))

    async def _moved(self, tx: Tx, heard: Heard) -> None:
        """Told of it here, or by the next message that goes there (`sender.py`), whichever comes first."""
        channel = await channels.by_address(tx, CHANNEL, str(heard.chat_id))
        if channel is not None and await channels.by_address(tx, CHANNEL, heard.text) is None:
            await channels.readdress(tx, channel.id, heard.text)

    async def _blocked_or_not(self, tx: Tx, heard: Heard) -> None:
        channel = await channels.by_address(tx, CHANNEL, str(heard.chat_id))
        if channel is None:
            return
        if heard.what is What.BLOCKED:
            await delivering.channel_blocked(tx, channel.id, channel.person_id)
        else:
            await channels.unblock(tx, channel.id)


def said_at(heard: Heard, hearing: Hearing) -> datetime:
    """When this was said: a message's own date; a press has none."""
    if heard.dated is not None:
        return message_said_at(heard.dated, hearing.now)
    return press_said_at(hearing.poll_began, hearing.poll_ended, hearing.heard_before, heard.pressed_on)


def _incoming(heard: Heard, at: datetime) -> Incoming:
    extra = {"message_id": heard.message_id, "file": None if heard.file is None else asdict(heard.file)}
    return Incoming(
        person_id=None,
        channel=CHANNEL,
        kind=WORDS[heard.what],
        said_at=at,
        # Telegram begins its count anew after a quiet week: the number alone might swallow a word.
        provider_id=f"{heard.update_id}:{heard.message_id}",
        chat=str(heard.chat_id),
        text=heard.text,
        token=heard.token,
        position=heard.position,
        extra={name: value for name, value in extra.items() if value},
    )
