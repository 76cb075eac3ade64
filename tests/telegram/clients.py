"""Clients that know Telegram, for talking to the server, and the server with a judge behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import telegram as ptb
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from telegram.request import HTTPXRequest

from .judge import judge_call, judge_update
from .server import BotApiServer


def ptb_client(server: BotApiServer, *, size: int = 256) -> ptb.Bot:
    """Return python-telegram-bot's client of a server."""
    request = HTTPXRequest(connection_pool_size=size, read_timeout=30, pool_timeout=30)
    return ptb.Bot(server.token, base_url=server.base_url, base_file_url=server.base_file_url, request=request)


def aiogram_client(server: BotApiServer) -> AiogramBot:
    """Return aiogram's client of a server."""
    return AiogramBot(server.token, session=AiohttpSession(api=TelegramAPIServer.from_base(server.root_url)))


@asynccontextmanager
async def judged_server() -> AsyncIterator[BotApiServer]:
    """Run a server; in the end both libraries look at every update, and aiogram at every answer, that it gave."""
    async with BotApiServer(webhook_pause=0.01) as server:
        yield server
        for update in server.updates:
            judge_update(update)
            assert not ptb.Update.de_json(update, None).api_kwargs
        for call in server.calls:
            if call.status == 200:
                judge_call(call)
