"""Taking off the screen what should not stand there any more.

When a worker has gone in: whatever tells whose home it is or why, ours and their own words alike. When an alert is
resolved: its alarms, with their addresses. Telegram lets a bot delete what is younger than 48 hours.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from telegram.error import BadRequest, TelegramError

from bots.dialogue.render import ceiling_for, render
from bots.telegram.api import Api
from bots.telegram.errors import reason_of
from config.policy import Policy
from safety_service.store import inbox, outbox
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.inbox import Received
from safety_service.store.outbox import Outgoing, Shown

log = logging.getLogger(__name__)

CHANNEL = "telegram"
#: A little less than what Telegram allows.
YOUNGER_THAN = timedelta(hours=47)
AT_ONCE = 100  # messages that Telegram deletes in one call
WITHIN = 5.0  # seconds
#: Visits whose screens were tidied by this process.
REMEMBERED = 10_000
INSIDE = frozenset({"ask.still_on", "ask.check_in", "ask.end"})
RESOLVED = frozenset({"alert.resolved", "reply.resolved"})
#: What says where it is: until the alert is resolved.
PLACES = ("alarm.", "alert.offer", "reply.words_999", "reply.map")
#: Whoever is to act needs these until the alert is resolved.
NEEDED = ("alarm.", "alert.", "ring.")
#: A person's own words that may tell a place or a name; so does a command with a reference behind it.
TYPED = frozenset({"text", "note", "voice", "photo", "document"})

#: Messages by the chat in which they are.
Found = dict[str, list[int]]


class Tidier:
    """Tidies a person's chats when a message goes out that says it is time to. It never raises."""

    def __init__(self, database: Database, api: Api) -> None:
        self._database = database
        self._api = api
        self._tidied: OrderedDict[tuple[UUID, UUID], None] = OrderedDict()

    async def tidy(self, out: Outgoing) -> None:
        """Take off the screen what should not stand beside this message."""
        alert_id = out.alert_id or out.params.get("alert_id")
        try:
            async with asyncio.timeout(WITHIN):
                if out.template in RESOLVED and alert_id is not None:
                    await self._remove(await self._alarms(out, UUID(str(alert_id))))
                elif out.visit_id is not None and _is_inside(out):
                    await self._at_the_door(out, (out.person_id, out.visit_id))
        except (DatabaseAway, TryAgain, TimeoutError, TelegramError) as error:
            said = reason_of(error) if isinstance(error, TelegramError) else type(error).__name__
            log.warning("A chat was not tidied: %s", said)

    async def _at_the_door(self, out: Outgoing, visit: tuple[UUID, UUID]) -> None:
        """Once for each visit; if it fails, the next message inside tries again."""
        if visit in self._tidied:
            return
        async with self._database.reading() as tx:
            found = await _telling(tx, out)
        await self._remove(found)
        self._tidied[visit] = None
        while len(self._tidied) > REMEMBERED:
            self._tidied.popitem(last=False)

    async def _alarms(self, out: Outgoing, alert_id: UUID) -> Found:
        async with self._database.reading() as tx:
            shown = await outbox.shown(tx, out.person_id, CHANNEL, tx.now - YOUNGER_THAN)
        return _by_chat(each for each in shown if each.template.startswith(PLACES) and _is_about(each, alert_id))

    async def _remove(self, found: Found) -> None:
        for chat, messages in found.items():
            for first in range(0, len(messages), AT_ONCE):
                await self._remove_some(chat, messages[first : first + AT_ONCE])

    async def _remove_some(self, chat: str, messages: list[int]) -> None:
        try:
            await self._api.rest.delete_messages(chat, messages)
        except BadRequest:
            for each in messages:
                await self._remove_one(chat, each)

    async def _remove_one(self, chat: str, message: int) -> None:
        try:
            await self._api.rest.delete_message(chat, message)
        except BadRequest as error:
            log.info("A message could not be removed: %s", reason_of(error))


def _is_inside(out: Outgoing) -> bool:
    return out.template in INSIDE or out.params.get("phase") == "inside"


def _is_about(shown: Shown, alert_id: UUID) -> bool:
    """An answer to a tap is about the alert by what it says."""
    return str(shown.alert_id or shown.params.get("alert_id")) == str(alert_id)


async def _telling(tx: Tx, out: Outgoing) -> Found:
    """What stood on this person's screens before they went in, and tells more than a time."""
    since = tx.now - YOUNGER_THAN
    policy = await tx.policy()
    shown = await outbox.shown(tx, out.person_id, CHANNEL, since)
    found = _by_chat(each for each in shown if each.created_at < out.created_at and _tells(each, policy))
    for word in await inbox.of_person(tx, out.person_id, since, channel=CHANNEL):
        message = word.payload.get("extra", {}).get("message_id")
        if message is not None and word.received_at < out.created_at and _may_tell(word):
            found.setdefault(str(word.payload["chat"]), []).append(int(message))
    return found


def _tells(shown: Shown, policy: Policy) -> bool:
    if shown.template.startswith(NEEDED):
        return False
    ceiling = ceiling_for(policy, CHANNEL, shown.template)
    drawn = render(shown.template, shown.params, channel=CHANNEL, ceiling=ceiling, zone=ZoneInfo("UTC"))
    return drawn.remove_at_door


def _may_tell(word: Received) -> bool:
    bare = re.fullmatch(r"/\S*", str(word.payload.get("text", "")).strip())
    return word.payload["kind"] in TYPED and bare is None


def _by_chat(messages: Iterable[Shown]) -> Found:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for each in messages:
        found[each.address].append(int(each.provider_id))
    return dict(found)
