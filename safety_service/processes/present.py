"""A process says in the database that it is there, so that the doctor and the figures can count them."""

import asyncio
import contextlib
from collections.abc import Collection

from safety_service.processes.tasks import pause
from safety_service.store import presence
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, SchemaIsNewer, TryAgain

#: Others say so.
_UNSAID = (DatabaseAway, TryAgain, SchemaIsNewer)


async def come_in(database: Database, roles: Collection[str], holder: str) -> None:
    """Say so for the first time, before anything is heard, swept or sealed. Raises TryAgain, SchemaIsNewer.

    A rotation of keys, or a move, that goes on at this moment knows of this process from then on, or this one of it.
    Where nothing can be kept it begins all the same: it has to tell people so.
    """
    with contextlib.suppress(DatabaseAway):
        async with database.transaction() as tx:
            await presence.here(tx, roles, holder)
            await tx.must_be_current()


async def show_presence(database: Database, roles: Collection[str], holder: str, stopping: asyncio.Event) -> None:
    """Say in the database that these roles are there, until stopped."""
    while True:
        with contextlib.suppress(*_UNSAID):
            async with database.transaction() as tx:
                await presence.here(tx, roles, holder)
        if await pause(stopping, presence.EVERY):
            break
    with contextlib.suppress(*_UNSAID):
        async with database.transaction() as tx:
            await presence.gone(tx, roles, holder)
