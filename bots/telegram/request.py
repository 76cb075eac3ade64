"""One pool of connections to the Bot API, which tells apart what the library throws together.

Over aiohttp: with many connections the library's own client took up to ten milliseconds of the processor for a message.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
from telegram.error import InvalidToken, NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from safety_service.actions.kept_files import LARGEST

# They would log the token, which is in every address, and what is said.
for _talker in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_talker).setLevel(logging.WARNING)

Body = str | aiohttp.FormData | None
FORM = "application/x-www-form-urlencoded"
TOO_MANY = 429
#: Telegram's, and those of servers like it that know no such method.
NOT_KNOWN = frozenset({404, 405, 501})
#: Turns of the event loop after which it has seen whatever the other side closed while it was busy or we slept.
TURNS = 5
REFUSED = 400
LEAST_WAIT = 1.0  # seconds, where Telegram says "too many" and not for how long


class Flooded(TelegramError):
    """Telegram takes nothing more from us for a while, in this chat or at all; the call was not taken."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too Many Requests: for {seconds:g} s")
        self.seconds = seconds


class ServerFault(NetworkError):
    """An answer with 500 or above: Telegram's own, or of something that stands before it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status


class UnknownMethod(InvalidToken):
    """The server knows no such method, or no such bot: it does not say which."""


class NoAnswer(TelegramError):
    """Something came back that is not the Bot API's answer to anything."""

    def __init__(self) -> None:
        super().__init__("not an answer of the Bot API")


class TooLarge(TelegramError):
    """A file that nobody wants whole: no more of it was read."""

    def __init__(self) -> None:
        super().__init__("a file is too large")


class PoolFull(Exception):
    """All connections are in use: nothing was sent."""


class Request(BaseRequest):
    """As the library's, but 429 and 5xx keep their meaning, and what is not the Bot API's answer is no answer."""

    def __init__(
        self, connections: int, read: float, write: float, connect: float, pool: float, proxy: str | None = None
    ) -> None:
        self._free = asyncio.Semaphore(connections)
        self._read, self._write, self._connect, self._pool = read, write, connect, pool
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds of silence until an answer is given up, unless a call says otherwise."""
        return self._read

    async def initialize(self) -> None:
        """Nothing to do: it connects with the first call."""

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(  # noqa: PLR0917 - the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Ask, and raise Flooded, UnknownMethod or ServerFault in place of the library's general errors."""
        read, connect = _given(read_timeout, self._read), _given(connect_timeout, self._connect)
        write = _given(write_timeout, self._write)
        waits = _waits(method, read, write, connect)
        async with self._place(_given(pool_timeout, self._pool)):
            status, payload = await self._ask(url, method, _body(request_data), waits)
        status = _meant(status, payload) if method == "POST" else status
        if status == TOO_MANY:
            raise Flooded(_wait_asked_for(payload))
        if status in NOT_KNOWN:
            raise UnknownMethod(f"the server answered {status}")
        if status >= 500:
            raise ServerFault(status)
        return status, payload

    async def _ask(self, url: str, method: str, body: Body, waits: aiohttp.ClientTimeout) -> tuple[int, bytes]:
        session = self._session = self._session or _session()
        kind = {"Content-Type": FORM} if isinstance(body, str) else None
        try:
            async with session.request(
                method, url, data=body, headers=kind, timeout=waits, allow_redirects=False, proxy=self._proxy
            ) as answer:
                return answer.status, await (_file(answer) if method == "GET" else answer.read())
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from error

    @asynccontextmanager
    async def _place(self, within: float | None) -> AsyncIterator[None]:
        """One of the connections. Raises TimedOut where none is free in time."""
        try:
            async with asyncio.timeout(within):
                await self._free.acquire()
        except TimeoutError:
            raise TimedOut from PoolFull()
        try:
            # Of what is said into a connection that is closed already, nobody would know whether it was taken.
            for _ in range(TURNS):
                await asyncio.sleep(0)
            yield
        finally:
            self._free.release()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; raises NoAnswer where it is none (the page of a proxy, half an answer).

        The library's own would log all of what it cannot read, and that may be what somebody said.
        """
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ({"result", "description"} & answer.keys()):
            raise NoAnswer
        return answer


async def _file(answer: aiohttp.ClientResponse) -> bytes:
    """A Bot API server of one's own gives gigabytes, and need not say so before: four at once would fill the memory."""
    if (answer.content_length or 0) > LARGEST:
        raise TooLarge
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > LARGEST:
            raise TooLarge
    return bytes(body)


def _session() -> aiohttp.ClientSession:
    """Trusting whom the library's own client trusts.

    Of proxies it is told: by itself it knows few of them, goes around the others, and looks in a thread, of which there
    may be none while names are not looked up.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=_trusted()),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": BaseRequest.USER_AGENT},
    )


def _waits(method: str, read: float | None, write: float | None, connect: float | None) -> aiohttp.ClientTimeout:
    """How long for what.

    `connect` counts from the look-up of the name to the last of TLS, also through a proxy: nothing was said until then.
    Only files are fetched by GET, and take as long as they take on a slow line, while something comes.
    """
    whole = None if method == "GET" or read is None else read + (write or 0) + (connect or 0)
    return aiohttp.ClientTimeout(total=whole, connect=connect, sock_read=read)


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _body(data: RequestData | None) -> Body:
    """What is said; the files among it, if any, each in a part of its own."""
    if data is None:
        return None
    if not data.contains_files:
        return urlencode(data.json_parameters)
    form = aiohttp.FormData(data.json_parameters)
    for name, (file_name, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=kind)
    return form


def _given(wait: Any, usual: float) -> float | None:
    return usual if wait is BaseRequest.DEFAULT_NONE else wait


def _meant(status: int, payload: bytes) -> int:
    """Telegram says no by the status, too; a server like it may say so in the answer alone."""
    if status >= 300 or b'"result"' in payload:
        return status
    try:
        answer = json.loads(payload)
        return int(answer.get("error_code", REFUSED)) if answer["ok"] is False else status
    except (AttributeError, LookupError, TypeError, ValueError):
        return status


def _wait_asked_for(payload: bytes) -> float:
    try:
        return max(LEAST_WAIT, float(json.loads(payload)["parameters"]["retry_after"]))
    except (LookupError, TypeError, ValueError):
        return LEAST_WAIT
