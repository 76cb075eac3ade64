"""Fetching the voice notes and photographs that Telegram has: what was said is kept by us, too."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from telegram import File
from telegram.error import BadRequest, TelegramError

from bots.telegram.api import Api
from bots.telegram.errors import reason_of
from bots.telegram.request import TooLarge
from bots.telegram.supervised import to_its_end
from safety_service.actions import kept_files
from safety_service.store.crash import crash_point
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.kept_files import KeptFile

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds
AT_ONCE = 4  # files
#: Seconds for one file, which is begun anew each time: four of the largest at once still come over a phone's line.
WITHIN = 900.0
HOLD_EVERY = 40.0  # seconds: a file that still comes stays ours


class Fetcher:
    """Goes on until it is cancelled. Several may run side by side: each file is given to one."""

    def __init__(self, database: Database, api: Api) -> None:
        self._database = database
        self._api = api

    async def run(self) -> None:
        """Look for files, and fetch them; one that comes slowly keeps no other waiting."""
        busy: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                taken = await self._claimed(AT_ONCE - len(busy))
                for each in taken:
                    task = tasks.create_task(self._fetch(each))
                    busy.add(task)
                    task.add_done_callback(busy.discard)
                if taken and len(busy) < AT_ONCE:
                    continue
                if busy:
                    await asyncio.wait(busy, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(LOOK_EVERY)

    async def fetch_some(self) -> bool:
        """Fetch what waits, a few; whether there was anything."""
        waiting = await self._claimed(AT_ONCE)
        await asyncio.gather(*(self._fetch(each) for each in waiting))
        return bool(waiting)

    async def _claimed(self, most: int) -> list[KeptFile]:
        if not most:
            return []
        try:
            async with self._database.transaction() as tx:
                waiting = await kept_files.to_fetch(tx, most)
        except (DatabaseAway, TryAgain) as error:
            log.warning("files are not fetched now: %s", type(error).__name__)
            return []
        crash_point("file:claimed")
        return waiting

    async def _fetch(self, row: KeptFile) -> None:
        """If the outcome cannot be kept, it is fetched again once our claim has run out."""
        try:
            async with asyncio.timeout(WITHIN):
                body = await self._download(row)
        except (TelegramError, TimeoutError) as error:
            reason = reason_of(error) if isinstance(error, TelegramError) else type(error).__name__
            log.warning("a %s could not be fetched: %s", row.kind, reason)
            await self._keep(row, None, for_good=isinstance(error, BadRequest | TooLarge))
        else:
            await self._keep(row, body, for_good=False)

    async def _keep(self, row: KeptFile, body: bytes | None, *, for_good: bool) -> None:
        try:
            async with self._database.transaction() as tx:
                if body is None or for_good:
                    await kept_files.not_fetched(tx, row, for_good=for_good)
                else:
                    await kept_files.fetched(tx, row.id, body)
        except (DatabaseAway, TryAgain) as error:
            log.warning("a %s is not kept now: %s", row.kind, type(error).__name__)

    async def _download(self, row: KeptFile) -> bytes:
        holding = asyncio.create_task(self._hold(row))
        try:
            found = await self._api.rest.get_file(row.source or "")
            if _size_of(found) > kept_files.LARGEST:
                raise TooLarge
            return bytes(await found.download_as_bytearray())
        finally:
            holding.cancel()
            await asyncio.wait({holding})

    async def _hold(self, row: KeptFile) -> None:
        """Nobody else begins to fetch what is coming; a process that dies lets go of it."""
        while True:
            await asyncio.sleep(HOLD_EVERY)
            await to_its_end(self._hold_once(row))

    async def _hold_once(self, row: KeptFile) -> None:
        try:
            async with self._database.transaction() as tx:
                await kept_files.still_coming(tx, row.id)
        except (DatabaseAway, TryAgain) as error:
            log.warning("a %s that still comes is not held: %s", row.kind, type(error).__name__)


def _size_of(found: File) -> int:
    """As far as it is known before any of it is read: a Bot API server beside us gives a path, and reads it at once."""
    if found.file_size:
        return found.file_size
    try:
        return Path(found.file_path or "").stat().st_size
    except (OSError, ValueError):
        return 0
