"""Fetching the voice notes and photographs that Telegram has: what was said is kept by us, too."""

from __future__ import annotations

import asyncio
import logging

from telegram.error import BadRequest, TelegramError

from bots.telegram.api import Api
from bots.telegram.errors import reason_of
from safety_service.actions import kept_files
from safety_service.store.crash import crash_point
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.kept_files import KeptFile

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds
AT_ONCE = 4  # files
WITHIN = 60.0  # seconds for one file


class Fetcher:
    """Goes on until it is cancelled. Several may run side by side: each file is given to one."""

    def __init__(self, database: Database, api: Api) -> None:
        self._database = database
        self._api = api

    async def run(self) -> None:
        """Look for files, and fetch them."""
        while True:
            if not await self.fetch_some():
                await asyncio.sleep(LOOK_EVERY)

    async def fetch_some(self) -> bool:
        """Fetch what waits, a few; whether there was anything."""
        try:
            async with self._database.transaction() as tx:
                waiting = await kept_files.to_fetch(tx, AT_ONCE)
            crash_point("file:claimed")
            await asyncio.gather(*(self._fetch(each) for each in waiting))
        except (DatabaseAway, TryAgain) as error:
            log.warning("files are not fetched now: %s", type(error).__name__)
            return False
        return bool(waiting)

    async def _fetch(self, row: KeptFile) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                body = await self._download(row)
        except (TelegramError, TimeoutError) as error:
            reason = reason_of(error) if isinstance(error, TelegramError) else type(error).__name__
            log.warning("a %s could not be fetched: %s", row.kind, reason)
            async with self._database.transaction() as tx:
                await kept_files.not_fetched(tx, row, for_good=isinstance(error, BadRequest))
            return
        async with self._database.transaction() as tx:
            if len(body) > kept_files.LARGEST:
                await kept_files.not_fetched(tx, row, for_good=True)
            else:
                await kept_files.fetched(tx, row.id, body)

    async def _download(self, row: KeptFile) -> bytes:
        found = await self._api.rest.get_file(row.source or "")
        return bytes(await found.download_as_bytearray())
