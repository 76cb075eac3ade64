"""Server-sent events: a page hears of changes, and from the beat that somebody is there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectionResetError, web

from safety_service.actions.errors import NotFound
from safety_service.services import HOT
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

BEAT = 15.0  # seconds; a page that has heard nothing for 25 says so
RECONNECT = 2000  # ms that the browser waits before it comes back


@dataclass(frozen=True, slots=True)
class News:
    """What a page is told. `id` is what it says when it comes back."""

    event: str
    data: Any
    id: str = ""


#: The page is gone, or nobody is signed in on it any more.
GONE = (ClientConnectionResetError, NotFound, web.HTTPUnauthorized)

#: Looks at the present state and gives what is new since the last look; None: nothing is.
Look = Callable[[], Awaitable[News | None]]


async def stream(
    request: web.Request, topics: Sequence[str], look: Look, *, beat: float = BEAT, pause: float = 0.0
) -> web.StreamResponse:
    """Tell a page what is new whenever one of the topics speaks, and look in any case with each beat.

    `pause`: seconds for which what happens is gathered before it looks again; `beat`: seconds between two looks.

    A beat means that the database was asked and answered: a page that hears it is being heard. It ends when the
    visitor is signed out, the database is away, the page is gone or the process stops; the page then comes back.
    """
    response = web.StreamResponse(headers={"X-Accel-Buffering": "no"})
    response.content_type = "text/event-stream"
    with request.app[STREAMS].kept(), contextlib.suppress(*GONE):
        try:
            await response.prepare(request)
            await response.write(f"retry: {RECONNECT}\n\n".encode())
            async with (
                request.app[HOT].subscribe(*topics) as events,
                contextlib.aclosing(_wakes(events, beat, pause)) as wakes,
            ):
                async for _ in wakes:
                    news = await look()
                    await response.write(b"event: beat\ndata: {}\n\n" if news is None else written(news))
        except (DatabaseAway, TryAgain) as error:
            log.warning("a page's line ends: %s", type(error).__name__)
    return response


async def _wakes(events: AsyncIterator[Any], beat: float, pause: float) -> AsyncGenerator[None, None]:
    """Now, at each event (those within `pause` of a look are one), and after each silence of a beat."""
    waiting: asyncio.Future[Any] | None = None
    try:
        while True:
            yield
            await asyncio.sleep(pause)
            patience = beat
            while True:
                waiting = waiting or asyncio.ensure_future(anext(events))
                # Never cancelled by the beat: a cancelled generator would hear nothing ever after.
                done, _ = await asyncio.wait({waiting}, timeout=patience)
                if not done:
                    break
                waiting.result()
                waiting = None
                if not pause:
                    break
                patience = 0.0  # what else has come by now belongs to the same look
    finally:
        if waiting is not None:
            waiting.cancel()


def written(news: News) -> bytes:
    """One event as it goes over the line."""
    head = f"id: {news.id}\n" if news.id else ""
    return f"{head}event: {news.event}\ndata: {json.dumps(news.data)}\n\n".encode()


class Streams:
    """The pages that listen now. Once the process stops, nobody new is taken on."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """While the current task listens."""
        if self._stopping:
            raise web.HTTPServiceUnavailable
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """A page that listens does not hold up the end of the process."""
        self._stopping = True
        for task in tuple(self._tasks):
            task.cancel()


STREAMS = web.AppKey("streams", Streams)


async def end_streams(app: web.Application) -> None:
    """Signal `on_shutdown`."""
    app[STREAMS].end()
