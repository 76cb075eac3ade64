"""The courier: posts updates to the bot's webhook, again and again until each is taken."""

from __future__ import annotations

import asyncio

import aiohttp

from .updates import Queued
from .world import World

LONGEST_PAUSE = 2.0


class Courier:
    """Posts updates; those of one chat in order, those of different chats side by side."""

    def __init__(self, world: World, pause: float = 0.1) -> None:
        self._world = world
        self._pause = pause
        self._busy: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
                while True:
                    queued = await self._world.bell.until(self._next)
                    assert queued is not None
                    self._busy[queued.lane] = asyncio.create_task(self._deliver(session, queued))
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _next(self) -> Queued | None:
        hook = self._world.webhook
        if not hook.url or len(self._busy) >= hook.max_connections:
            return None
        return next((queued for queued in self._world.updates.ready() if queued.lane not in self._busy), None)

    async def _deliver(self, session: aiohttp.ClientSession, queued: Queued) -> None:
        pause = 0.0
        try:
            while self._world.webhook.url and queued in self._world.updates.waiting():
                await self._world.bell.until(lambda: not self._world.updates.held)
                if await self._post(session, queued):
                    self._world.updates.confirm(queued)
                else:
                    await asyncio.sleep(pause)
                    pause = min(max(self._pause, pause * 2), LONGEST_PAUSE)
        finally:
            del self._busy[queued.lane]
            self._world.bell.ring()

    async def _post(self, session: aiohttp.ClientSession, queued: Queued) -> bool:
        hook = self._world.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        try:
            async with session.post(hook.url, json=queued.update, headers=headers) as response:
                if 200 <= response.status < 300:
                    return True
                hook.last_error = f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError):
            hook.last_error = "Connection refused"
        hook.last_error_at = self._world.now()
        self._world.bell.ring()
        return False
