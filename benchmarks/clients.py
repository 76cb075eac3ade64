"""Phones that check in, each on a connection of its own that it keeps: `python -m benchmarks.clients`.

They speak plain bytes over sockets, so that most of the machine is left to the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from benchmarks.watched import Watched, load

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BODY = b"{}"


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


async def check_in(url: str, watched: Sequence[Watched], clients: int, warm: float, seconds: float) -> Found:
    """So many clients go round all visits for `warm` + `seconds` seconds; only the latter count."""
    found = Found()
    counts_from = time.perf_counter() + warm
    until = counts_from + seconds
    used = time.process_time()
    shares = [cycle(_requests(url, watched[number::clients])) for number in range(clients)]
    await asyncio.gather(*(_client(url, each, counts_from, until, found) for each in shares))
    found.seconds = time.perf_counter() - counts_from
    found.cpu_seconds = time.process_time() - used
    return found


def _requests(url: str, watched: Sequence[Watched]) -> list[bytes]:
    parts = urlsplit(url)
    return [
        (
            f"POST {parts.path}/visits/{each.visit_id}/check-ins HTTP/1.1\r\n"
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {each.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
        ).encode()
        + _BODY
        for each in watched
    ]


async def _client(url: str, requests: Iterator[bytes], counts_from: float, until: float, found: Found) -> None:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    while (began := time.perf_counter()) < until:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        assert length is not None, "an answer without its length"
        body = await reader.readexactly(int(length[1]))
        if not head.startswith(b"HTTP/1.1 200 "):
            found.failed += 1
            found.first_failure = found.first_failure or (head[:40] + body[:400]).decode(errors="replace")
            continue
        found.taken += 1
        if began >= counts_from:
            found.took.append(time.perf_counter() - began)
    writer.close()


def main() -> None:
    """Check in as told, and write down what was found, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients")
    parser.add_argument("--url", required=True, help="what stands before /visits/…/check-ins")
    parser.add_argument("--watched", type=Path, required=True)
    parser.add_argument("--found", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--warm", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    watched = load(options.watched)
    work = check_in(options.url, watched, options.clients, options.warm, options.seconds)
    options.found.write_text(json.dumps(asdict(uvloop.run(work))))


if __name__ == "__main__":
    main()
