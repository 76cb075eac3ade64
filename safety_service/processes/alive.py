"""A process says that it is alive, in files of its folder, for whoever keeps its container.

They need nobody else: a database that is away is no reason to take the bot's container for dead.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from pathlib import Path

from config.settings import VAR
from safety_service.processes.tasks import pause

log = logging.getLogger(__name__)

#: A file for each role, below the folder that the service runs in.
FOLDER = VAR / "alive"
#: Seconds between two times that a file is touched, and how old it may be.
EVERY = 5.0
LONGEST = 30.0


async def show_alive(roles: Collection[str], stopping: asyncio.Event) -> None:
    """Touch the files until stopped; then they are taken away."""
    files = [FOLDER / role for role in roles]
    failed = False
    while True:
        try:
            _touch(files)
            failed = False
        except OSError as error:
            # Nobody is less safe for it: said once, and tried again.
            if not failed:
                log.warning("%s cannot be written (%s): `doorstep alive` will say no", FOLDER, error.strerror)
            failed = True
        if await pause(stopping, EVERY):
            break
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def _touch(files: Collection[Path]) -> None:
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in files:
        file.touch()
