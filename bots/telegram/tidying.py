"""Taking off the screen what should not stand there any more.

When a worker has gone in: whatever tells whose home it is or why, ours and their own words alike. When an alert is
resolved: its alarms, with their addresses. Telegram lets a bot delete what is younger than 48 hours.

It is done in the step that sends the message which says that it is time to; what that step could not do, because
Telegram or the database was away or the process was killed, is found in the rows and done later.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from telegram.error import BadRequest, InvalidToken, TelegramError

from bots.dialogue.render import ceiling_for, render
from bots.telegram.api import Api
from bots.telegram.errors import reason_of
from config.policy import Policy
from safety_service.store import inbox, screens
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.inbox import Received
from safety_service.store.outbox import Outgoing
from safety_service.store.screens import Shown

log = logging.getLogger(__name__)

CHANNEL = "telegram"
#: A little less than what Telegram allows.
YOUNGER_THAN = timedelta(hours=47)
AT_ONCE = 100  # messages that Telegram deletes in one call
WITHIN = 5.0  # seconds
#: Seconds between two looks for what was left.
LOOK_EVERY = 15.0
#: Messages of resolved alerts, and people inside, that one look works on.
LOOKED_AT = 200
PEOPLE_AT_ONCE = 20
#: Visits whose screens were tidied by this process.
REMEMBERED = 10_000
INSIDE = frozenset({"ask.still_on", "ask.check_in", "ask.end"})
RESOLVED = frozenset({"alert.resolved", "reply.resolved"})
#: What says where it is: until the alert is resolved.
ALARMS = ("alarm.", "alert.offer")
ANSWERS = ("reply.words_999", "reply.map")
PLACES = (*ALARMS, *ANSWERS)
#: Whoever is to act needs these until the alert is resolved.
NEEDED = ("alarm.", "alert.", "ring.")
#: A person's own words that may tell a place or a name; so does a command with a reference behind it.
TYPED = frozenset({"text", "note", "voice", "photo", "document"})


@dataclass(slots=True)
class Found:
    """What is to go: messages by the chat in which they are, and our rows of them."""

    chats: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    rows: list[UUID] = field(default_factory=list)

    def add(self, shown: Iterable[Shown]) -> Found:
        """These, too."""
        for each in shown:
            self.chats[each.address].append(int(each.provider_id))
            self.rows.append(each.id)
        return self


class Tidier:
    """Tidies a person's chats when a message goes out that says it is time to, and looks for what was left."""

    def __init__(self, database: Database, api: Api) -> None:
        self._database = database
        self._api = api
        self._tidied: OrderedDict[tuple[UUID, UUID], None] = OrderedDict()

    async def tidy(self, out: Outgoing) -> None:
        """Take off the screen what should not stand beside this message. It never raises."""
        alert_id = out.alert_id or out.params.get("alert_id")
        try:
            async with asyncio.timeout(WITHIN):
                if out.template in RESOLVED and alert_id is not None:
                    await self._remove(await self._alarms(out, UUID(str(alert_id))))
                elif out.visit_id is not None and _is_inside(out):
                    await self._at_the_door(out.person_id, out.visit_id, out.created_at)
        except (DatabaseAway, TryAgain, TimeoutError, TelegramError) as error:
            log.warning("A chat was not tidied: %s", _said(error))

    async def run(self) -> None:
        """Look for what was left, until cancelled."""
        while True:
            await self.look_again()
            await asyncio.sleep(LOOK_EVERY)

    async def look_again(self) -> None:
        """One look: alarms of resolved alerts, and the screens of those who are inside. It never raises."""
        try:
            async with self._database.reading() as tx:
                since = tx.now - YOUNGER_THAN
                left = await screens.of_resolved(tx, CHANNEL, since, ALARMS, ANSWERS, LOOKED_AT)
                inside = [each for each in await screens.went_in(tx, since) if each[:2] not in self._tidied]
        except (DatabaseAway, TryAgain) as error:
            log.warning("Chats are not tidied now: %s", _said(error))
            return
        by_chat: dict[str, Found] = {}
        for each in left:
            by_chat.setdefault(each.address, Found()).add([each])
        tidyings = [self._remove(each) for each in by_chat.values()]
        tidyings += [self._at_the_door(*each) for each in inside[:PEOPLE_AT_ONCE]]
        for tidying in tidyings:
            try:
                async with asyncio.timeout(WITHIN):
                    await tidying
            except (DatabaseAway, TryAgain, TimeoutError, TelegramError) as error:
                log.warning("A chat was not tidied: %s", _said(error))

    async def _at_the_door(self, person_id: UUID, visit_id: UUID, before: datetime) -> None:
        """Once for each visit; if it fails, the next message inside and the next look try again."""
        visit = (person_id, visit_id)
        if visit in self._tidied:
            return
        async with self._database.reading() as tx:
            found = await _telling(tx, person_id, before)
        await self._remove(found)
        self._tidied[visit] = None
        while len(self._tidied) > REMEMBERED:
            self._tidied.popitem(last=False)

    async def _alarms(self, out: Outgoing, alert_id: UUID) -> Found:
        async with self._database.reading() as tx:
            shown = await screens.of_person(tx, out.person_id, CHANNEL, tx.now - YOUNGER_THAN)
        return Found().add(each for each in shown if each.template.startswith(PLACES) and _is_about(each, alert_id))

    async def _remove(self, found: Found) -> None:
        for chat, messages in found.chats.items():
            for first in range(0, len(messages), AT_ONCE):
                await self._remove_some(chat, messages[first : first + AT_ONCE])
        if found.rows:
            async with self._database.transaction() as tx:
                await screens.taken_off(tx, found.rows)

    async def _remove_some(self, chat: str, messages: list[int]) -> None:
        try:
            await self._api.rest.delete_messages(chat, messages)
        except (BadRequest, InvalidToken):
            # Also where a server like Telegram's knows only the older method.
            for each in messages:
                await self._remove_one(chat, each)

    async def _remove_one(self, chat: str, message: int) -> None:
        try:
            await self._api.rest.delete_message(chat, message)
        except BadRequest as error:
            log.info("A message could not be removed: %s", reason_of(error))


def _said(error: BaseException) -> str:
    return reason_of(error) if isinstance(error, TelegramError) else type(error).__name__


def _is_inside(out: Outgoing) -> bool:
    return out.template in INSIDE or out.params.get("phase") == "inside"


def _is_about(shown: Shown, alert_id: UUID) -> bool:
    """An answer to a tap is about the alert by what it says."""
    return str(shown.alert_id or shown.params.get("alert_id")) == str(alert_id)


async def _telling(tx: Tx, person_id: UUID, before: datetime) -> Found:
    """What stood on this person's screens before they went in, and tells more than a time."""
    since = tx.now - YOUNGER_THAN
    policy = await tx.policy()
    shown = await screens.of_person(tx, person_id, CHANNEL, since)
    found = Found().add(each for each in shown if each.created_at < before and _tells(each, policy))
    for word in await inbox.of_person(tx, person_id, since, channel=CHANNEL):
        message = word.payload.get("extra", {}).get("message_id")
        if message is not None and word.received_at < before and _may_tell(word):
            found.chats[str(word.payload["chat"])].append(int(message))
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
