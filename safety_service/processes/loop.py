"""What every process has around its work: an event loop, signals, and for a child its parent's lifeline."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

from safety_service.processes import parent

log = logging.getLogger(__name__)

Main = Callable[[asyncio.Event], Awaitable[None]]
#: Seconds after which a child whose parent is gone is gone, too, whatever it still has in hand: as if it were there.
GONE_WITHIN = parent.STOP_WITHIN


def run(main: Main, *, lifeline: bool) -> None:
    """Run `main` on an event loop until a signal, or the parent's end, tells it to stop.

    `lifeline`: standard input is a pipe that the parent holds open; its end is the parent's.
    """
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_main(main, lifeline=lifeline))


async def _main(main: Main, *, lifeline: bool) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    if lifeline:
        threading.Thread(target=_hold_lifeline, args=(loop, stopping), name="lifeline", daemon=True).start()
    await main(stopping)


def _hold_lifeline(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    """A child never outlives its parent: it would hold the port, and sweep with old code."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    last_resort = threading.Timer(GONE_WITHIN, os._exit, [1])
    last_resort.daemon = True
    last_resort.start()
    log.warning("the parent is gone: this process ends, too")
    try:
        loop.call_soon_threadsafe(stopping.set)
    except RuntimeError:
        os._exit(1)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415  (not to be had everywhere)
    except ImportError as missing:
        if sys.platform != "win32":
            # Installed with everything else: whoever measures, or wonders, is to know.
            log.warning("uvloop cannot be used (%s): this process is slower than it might be", missing)
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
