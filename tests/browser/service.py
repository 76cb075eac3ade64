"""The pages and the chat on one port, to be stopped and started again while a browser looks on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aiohttp import web as aiohttp_web
from aiohttp.test_utils import unused_port

from bots import webchat
from bots.dialogue.incoming import Incoming
from safety_service import web
from safety_service.actions.telling import answer
from safety_service.store.database import Tx
from tests.http import application, serving
from tests.world import World


@dataclass
class Ears:
    """What the dialogue heard; it says the word again."""

    heard: list[Incoming] = field(default_factory=list)
    broken: bool = False

    async def __call__(self, tx: Tx, said: Incoming) -> None:
        if self.broken:
            raise RuntimeError("the dialogue fails")
        self.heard.append(said)
        assert said.person_id is not None
        await answer(tx, said.person_id, "webchat", "reply.note_kept", {})

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.heard]


class Service:
    """The service on one port, which can be stopped and started again."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.settings = settings
        self.ears = Ears()
        self.port = unused_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def _application(self) -> aiohttp_web.Application:
        chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, self.ears))
        return application(self.world, web, chat, **self.settings)

    async def start(self) -> None:
        started = asyncio.Event()
        self._stop = asyncio.Event()

        async def run() -> None:
            async with serving(self._application(), self.port):
                started.set()
                await self._stop.wait()

        self._task = asyncio.create_task(run())
        await started.wait()

    async def stop(self) -> None:
        if self._task is not None:
            self._stop.set()
            await self._task
            self._task = None
