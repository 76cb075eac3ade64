"""Server-sent events: a page hears of changes, and from the beat that somebody is there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectionResetError, web

from safety_service.actions.errors import NotFound
from safety_service.services import HOT
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

BEAT = 15.0  # seconds; a page that has heard nothing for 25 says so
RECONNECT = 2000  # ms that the browser waits before it comes back
STREAMS: web.AppKey[set[asyncio.Task[Any]]] = web.AppKey("streams", set[asyncio.Task[Any]])


@dataclass(frozen=True, slots=True)
class News:
    """What a page is told. `id` is what it says when it comes back."""

    event: str
    data: Any
    id: str = ""


#: Looks at the present state and gives what is new since the last look; None: nothing is.
Look = Callable[[], Awaitable[News | None]]


async def stream(request: web.Request, topics: Sequence[str], look: Look) -> web.StreamResponse:
    """Tell a page what is new whenever one of the topics speaks, and look in any case with each beat.

    A beat means that the database was asked and answered: a page that hears it is being heard. It ends when the
    visitor is signed out, the database is away, the page is gone or the process stops; the page then comes back.
    """
    response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    await response.prepare(request)
    with _kept(request.app), contextlib.suppress(ClientConnectionResetError, NotFound):
        try:
            await response.write(f"retry: {RECONNECT}\n\n".encode())
            async with request.app[HOT].subscribe(*topics) as events:
                async for _ in _wakes(events):
                    news = await look()
                    await response.write(b"event: beat\ndata: {}\n\n" if news is None else written(news))
        except (DatabaseAway, TryAgain) as error:
            log.warning("a page's line ends: %s", type(error).__name__)
    return response


async def _wakes(events: AsyncIterator[Any]) -> AsyncIterator[None]:
    """Now, at each event, and after each silence of a beat."""
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            yield
            waiting = waiting or asyncio.ensure_future(anext(events))
            # Never cancelled by the beat: a cancelled generator would hear nothing ever after.
            done, _ = await asyncio.wait({waiting}, timeout=BEAT)
            if done:
                waiting.result()
                waiting = None
    finally:
        if waiting is not None:
            waiting.cancel()


def written(news: News) -> bytes:
    """One event as it goes over the line."""
    head = f"id: {news.id}\n" if news.id else ""
    return f"{head}event: {news.event}\ndata: {json.dumps(news.data)}\n\n".encode()


@contextlib.contextmanager
def _kept(app: web.Application) -> Any:
    task = asyncio.current_task()
    assert task is not None
    app[STREAMS].add(task)
    try:
        yield
    finally:
        app[STREAMS].discard(task)


async def end_streams(app: web.Application) -> None:
    """Signal `on_shutdown`: a page that listens does not hold up the end of the process."""
    streams = app[STREAMS]
    for task in tuple(streams):
        task.cancel()
