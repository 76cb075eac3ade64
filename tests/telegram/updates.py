"""The queue of updates that wait for the bot."""

from __future__ import annotations

from dataclasses import dataclass

from .bell import Bell
from .wire import JSON, ApiError

NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET = "Conflict: terminated by setWebhook request"


@dataclass(eq=False)
class Queued:
    """An update that the bot has not confirmed yet."""

    update: JSON
    lane: int

    @property
    def number(self) -> int:
        """Its update_id."""
        return int(self.update["update_id"])


@dataclass(eq=False)
class Poller:
    """One long poll that waits for updates."""

    conflict: str | None = None


class UpdateQueue:
    """Updates in order, kept until they are confirmed by an offset or by a webhook's 2xx."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._queue: list[Queued] = []
        self._poller: Poller | None = None
        self._next_number = 700_000_001
        self.allowed: list[str] = []
        self.held = False
        self.every: list[JSON] = []

    def add(self, kind: str, body: JSON, lane: int) -> None:
        """Queue an update, if the bot has asked for its kind. Those of one lane (a chat) stay in order."""
        if kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT:
            update = {"update_id": self._next_number, kind: body}
            self._next_number += 1
            self._queue.append(Queued(update, lane))
            self.every.append(update)
        self._bell.ring()

    def waiting(self) -> list[Queued]:
        """Return what is not confirmed yet, held back or not."""
        return list(self._queue)

    def ready(self) -> list[Queued]:
        """Return what may be handed out now."""
        return [] if self.held else list(self._queue)

    def confirm(self, queued: Queued) -> None:
        """Forget an update that a webhook has taken."""
        if queued in self._queue:
            self._queue.remove(queued)
        self._bell.ring()

    def clear(self) -> None:
        """Forget all of them, as drop_pending_updates does."""
        self._queue.clear()
        self._bell.ring()

    def move_to(self, offset: int) -> None:
        """Forget what an offset confirms: all below it, or with a negative one all but the last few."""
        if offset < 0:
            self._queue = self._queue[offset:]
        else:
            self._queue = [queued for queued in self._queue if queued.number >= offset]
        self._bell.ring()

    def displace(self, reason: str) -> None:
        """End the poll that waits now with a conflict."""
        if self._poller is not None:
            self._poller.conflict = reason
            self._bell.ring()

    @property
    def polled(self) -> bool:
        """Whether a long poll waits at this moment."""
        return self._poller is not None

    async def poll(self, offset: int, limit: int, timeout: float) -> list[JSON]:
        """Answer getUpdates: at once if there is something, else when something comes or the time is over."""
        self.move_to(offset)
        found = self.ready()
        if not found and timeout > 0:
            found = await self._wait(timeout)
        return [queued.update for queued in found[:limit]]

    async def _wait(self, timeout: float) -> list[Queued]:
        self.displace(OTHER_POLLER)
        mine = self._poller = Poller()
        self._bell.ring()

        def look() -> list[Queued]:
            if mine.conflict:
                raise ApiError(409, mine.conflict)
            return self.ready()

        try:
            return await self._bell.until(look, timeout)
        except TimeoutError:
            return []
        finally:
            if self._poller is mine:
                self._poller = None
