"""Runs the server as a process: `python -m tests.telegram --port 9000 --control`."""

from __future__ import annotations

import argparse
import asyncio
import signal

from .server import BotApiServer
from .world import DEFAULT_TOKEN


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.telegram", description="A Telegram Bot API server for tests."
    )
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the token of the one bot")
    parser.add_argument("--control", action="store_true", help="offer people, faults and records under /control/")
    parser.add_argument("--query-lifetime", type=float, default=60.0, help="seconds in which a press can be answered")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = BotApiServer(
        port=options.port, token=options.token, control=options.control, query_lifetime=options.query_lifetime
    )
    async with server:
        print(f"Telegram for tests listens on {server.root_url}", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
