"""How quickly we may speak: so many messages a second as a bot, and so many in each chat, all processes together.

Telegram answers whoever is quicker with "too many", for the chat or for the whole bot, and for longer each time. What
is urgent has room that nothing else can fill, and danger waits for nothing: it is only counted, and the rest makes way.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import random
import time
from datetime import timedelta

from bots.delivery.outcome import Later
from safety_service.actions.telling import Priority
from safety_service.store.hot import Hot
from safety_service.store.outbox import Outgoing
from safety_service.store.turns import Bucket

#: What Telegram takes from one bot in a second, unless it was told to take more.
PER_SECOND = 30
#: Of a second's messages, the part that is there for what is urgent alone.
KEPT_FREE = 1 / 3
#: Seconds between two messages in one chat; how many may come at once: of what is urgent, of answers, of the rest.
IN_A_CHAT = 1.0
URGENT_AT_ONCE, ANSWERS_AT_ONCE, NEWS_AT_ONCE = 10, 5, 3
#: Seconds that something urgent, and anything else, waits here for its turn; then somebody else has the place.
URGENT_WAITS, OTHERS_WAIT = 3.0, 3.0
#: Seconds, at most, between two looks of those who wait for the same turn: never in step.
LOOKS = 0.25


class Pacing:
    """Asked before each message. Whatever does not get its turn soon comes back later, and holds up nobody."""

    def __init__(self, hot: Hot, *, token: str, per_second: int = PER_SECOND) -> None:
        self._hot = hot
        self._bot = _name(token)
        self._every = 1 / per_second
        self._at_once = max(1, per_second)

    async def turn(self, out: Outgoing) -> Later | None:
        """Wait for this message's turn; or when it is to come again. What is urgent waits in a queue for it."""
        if out.priority <= Priority.ALARM:
            wait = await self._hot.turn(self._buckets(out), URGENT_WAITS)
            if wait > URGENT_WAITS:
                # It asks again soon, however long that is: others may make way, and no clock may put an alarm off.
                return Later(URGENT_WAITS, own=True)
            await asyncio.sleep(wait)
            return None
        left = await self._flooded_for(out)
        return Later(left, own=True) if left else await self._wait(out)

    async def count(self, out: Outgoing) -> None:
        """This one waits for nothing; others wait for it."""
        await self._hot.turn(self._buckets(out), math.inf)

    async def flooded(self, out: Outgoing, seconds: float) -> None:
        """Telegram wants to hear nothing for this chat for so long. What is urgent asks for itself all the same."""
        until = {"until": time.time() + seconds}
        await self._hot.put(f"flood:{self._chat(out)}", until, timedelta(seconds=seconds))

    async def _flooded_for(self, out: Outgoing) -> float:
        until = await self._hot.get(f"flood:{self._chat(out)}")
        return 0.0 if until is None else max(0.0, until["until"] - time.time())

    async def _wait(self, out: Outgoing) -> Later | None:
        """It takes no place in the queue while it waits, so that nothing urgent stands behind it."""
        end = _steady() + OTHERS_WAIT
        while wait := await self._hot.turn(self._buckets(out)):
            wait += random.uniform(0.0, LOOKS)  # noqa: S311  (no secret)
            if _steady() + wait > end:
                return Later(wait, own=True)
            await asyncio.sleep(wait)
        return None

    def _buckets(self, out: Outgoing) -> tuple[Bucket, Bucket]:
        if out.priority <= Priority.ALARM:
            at_once, in_chat = self._at_once, URGENT_AT_ONCE
        else:
            at_once = max(1, int(self._at_once * (1 - KEPT_FREE)))
            in_chat = ANSWERS_AT_ONCE if out.priority <= Priority.REPLY else NEWS_AT_ONCE
        return Bucket(self._bot, self._every, at_once), Bucket(self._chat(out), IN_A_CHAT, in_chat)

    def _chat(self, out: Outgoing) -> str:
        return _name(f"{self._bot}:{out.address}")


def _name(of: str) -> str:
    """Neither a token nor a chat's number is known to Redis."""
    return hashlib.sha256(of.encode()).hexdigest()[:24]


def _steady() -> float:
    return asyncio.get_running_loop().time()
