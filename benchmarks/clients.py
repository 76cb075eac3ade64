"""Clients that check in over HTTP, or post what is said in Telegram: `python -m benchmarks.clients`.

Each is on a connection that it keeps.

They speak plain bytes over sockets, so that most of the machine is left to the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from typing import cast
from urllib.parse import SplitResult, urlsplit

import uvloop

from benchmarks.watched import Watched, load

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BODY = b"{}"
#: Seconds after the last moment until which an answer is waited for.
_LAST_ANSWER = 30.0


@dataclass(slots=True)
class Found:
    """Times in seconds; what was answered other than 200 is counted apart, the first of it kept."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0
    #: While it was warming, too: what the processors' time belongs to.
    taken: int = 0
    failed: int = 0
    first_failure: str = ""
    cpu_seconds: float = 0.0


class _Client(asyncio.Protocol):
    """Asks, waits for the whole answer, asks again: never two at a time."""

    def __init__(self, requests: Iterator[bytes], counts_from: float, until: float, found: Found) -> None:
        self._requests = requests
        self._counts_from = counts_from
        self._until = until
        self._found = found
        self._came = b""
        self._began = 0.0
        self._transport: asyncio.Transport | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, ended, body = self._came.partition(b"\r\n\r\n")
        if not ended:
            return
        length = _LENGTH.search(head)
        assert length is not None, "an answer without its length"
        if len(body) >= int(length[1]):
            self._answered(head, body)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server closed the connection"))

    def _ask(self) -> None:
        assert self._transport is not None
        self._began = time.perf_counter()
        request = next(self._requests, None) if self._began < self._until else None
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._came = b""
        self._transport.write(request)

    def _answered(self, head: bytes, body: bytes) -> None:
        found = self._found
        if not head.startswith(b"HTTP/1.1 200 "):
            found.failed += 1
            found.first_failure = found.first_failure or (head[:40] + body[:400]).decode(errors="replace")
        else:
            found.taken += 1
            if self._began >= self._counts_from:
                found.took.append(time.perf_counter() - self._began)
        self._ask()


async def check_in(urls: Sequence[str], watched: Sequence[Watched], clients: int, warm: float, seconds: float) -> Found:
    """So many clients, spread over these servers, go round all visits for `warm` + `seconds`; only the latter count."""
    found, servers = Found(), [urlsplit(each) for each in urls]
    # Those who came one after the other lie beside each other in the tables: nobody checks in that way.
    mixed = random.sample(watched, len(watched))
    counts_from = time.perf_counter() + warm
    until = counts_from + seconds
    used = time.process_time()
    ways = [(servers[number % len(servers)], mixed[number::clients]) for number in range(clients)]
    made = [_begin(server, _check_ins(server, some), counts_from, until, found) for server, some in ways]
    async with asyncio.timeout(warm + seconds + _LAST_ANSWER):
        await asyncio.gather(*made)
    found.seconds = time.perf_counter() - counts_from
    found.cpu_seconds = time.process_time() - used
    return found


async def say(url: str, secret: str, chats: Sequence[int], clients: int) -> Found:
    """So many clients post an OK from each of these chats to the webhook, as Telegram does; each once."""
    found, server = Found(), urlsplit(url)
    updates = list(enumerate(random.sample(chats, len(chats)), start=1))
    began, used = time.perf_counter(), time.process_time()
    made = [
        _begin(server, oks(server, secret, updates[number::clients]), began, float("inf"), found)
        for number in range(clients)
    ]
    await asyncio.gather(*made)
    found.seconds = time.perf_counter() - began
    found.cpu_seconds = time.process_time() - used
    return found


async def _begin(
    server: SplitResult, requests: Iterator[bytes], counts_from: float, until: float, found: Found
) -> None:
    def client() -> _Client:
        return _Client(requests, counts_from, until, found)

    _, made = await asyncio.get_running_loop().create_connection(client, server.hostname or "", server.port or 80)
    await made.done


def _check_ins(server: SplitResult, watched: Sequence[Watched]) -> Iterator[bytes]:
    for each in cycle(watched):
        path = f"{server.path}/visits/{each.visit_id}/check-ins"
        yield _post(server, path, f"Authorization: Bearer {each.token}", _BODY)


def oks(server: SplitResult, secret: str, updates: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """An OK in each of these chats, by the number of its update, as Telegram posts it."""
    for number, chat in updates:
        who = {"id": chat, "type": "private", "is_bot": False, "first_name": "Jo"}
        message = {"message_id": number, "date": int(time.time()), "chat": who, "from": who, "text": "/ok"}
        body = json.dumps({"update_id": number, "message": message}).encode()
        yield _post(server, server.path, f"X-Telegram-Bot-Api-Secret-Token: {secret}", body)


def _post(server: SplitResult, path: str, header: str, body: bytes) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: {server.netloc}\r\n{header}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def main() -> None:
    """Check in as told, or say OK in the chats of `--chats`, and write down what was found, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients")
    parser.add_argument("--url", action="append", required=True, help="before /visits/…/check-ins; or the webhook")
    parser.add_argument("--watched", type=Path)
    parser.add_argument("--chats", type=int, nargs=2, metavar=("FIRST", "AFTER"))
    parser.add_argument("--secret", default="", help="the webhook's")
    parser.add_argument("--found", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--warm", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    if options.chats:
        work = say(options.url[0], options.secret, range(*options.chats), options.clients)
    else:
        work = check_in(options.url, load(options.watched), options.clients, options.warm, options.seconds)
    options.found.write_text(json.dumps(asdict(uvloop.run(work))))


if __name__ == "__main__":
    main()
