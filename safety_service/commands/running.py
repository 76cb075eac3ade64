"""What every command shares: the database opened with this process's settings, and faults as sentences with exit 1."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import IO, Any, TypeVar

import click

from config.settings import Settings, SettingsError, read_settings
from safety_service.actions.errors import NotFound
from safety_service.commands.sentences import sentence
from safety_service.domain.refusal import Refused
from safety_service.store import keyfile, migrate, sealing
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, KeysDoNotOpen, SchemaIsNewer, SchemaIsOlder, TryAgain, WasMoved
from safety_service.transact import in_transaction

Done = TypeVar("Done")


class Fault(click.ClickException):
    """Printed on stderr as it is; exit 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print every line of it, without a heading."""
        click.echo(self.format_message(), file=file, err=file is None)


#: Keys are never made anew for a database that is there: they would not open what is sealed in it.
KEYS_DO_NOT_OPEN = (
    "The secret keys do not open this database, or one of them is missing. Put back those with which it was sealed,"
    f" in {keyfile.KEY_FILE} or DOORSTEP_SECRET_KEYS. Nothing was changed."
)
_KEYS_ARE_GONE = (
    f"The database is there, and its secret keys are not: put {keyfile.KEY_FILE} back from your copy, or set"
    " DOORSTEP_SECRET_KEYS. No new ones are made: they would not open what is sealed. Nothing was changed."
)
_NO_KEYS_YET = (
    f"There are no secret keys: {keyfile.KEY_FILE} is not there. For a new database `doorstep migrate` makes it."
)


def settings(*, first: bool = False) -> Settings:
    """The settings of this process; its keys are in use from now on. `first`: they are made for a new database.

    Raises Fault naming every setting at fault.
    """
    try:
        read = read_settings()
        if keyfile.is_missing(read):
            _make_keys(read, first)
        if first and keyfile.is_open_to_others(read):
            click.echo(f"Others can read {keyfile.KEY_FILE}: its mode must be 0600.", err=True)
        sealing.use(keyfile.ring_of(read))
    except SettingsError as wrong:
        raise Fault("\n".join(wrong.faults)) from None
    except (OSError, ValueError) as unusable:
        raise Fault(f"The secret keys cannot be used: {unusable}") from None
    return read


def _make_keys(read: Settings, first: bool) -> None:
    try:
        there = asyncio.run(migrate.is_there(read.database_url))
    except (DatabaseAway, TryAgain) as away:
        raise Fault(f"There are no secret keys, and the database does not answer whether it has any: {away}") from None
    if there:
        raise Fault(_KEYS_ARE_GONE)
    if not first:
        raise Fault(_NO_KEYS_YET)
    keyfile.read_or_make(keyfile.KEY_FILE)


def run(work: Callable[[Tx], Awaitable[Done]]) -> Done:
    """Do this in one transaction of the database; whatever goes wrong is a Fault, and nothing was changed."""
    return run_on(lambda database: in_transaction(database, work))


def run_on(work: Callable[[Database], Awaitable[Done]]) -> Done:
    """Do this with the database open, in transactions of its own; whatever goes wrong is a Fault."""
    url = settings().database_url
    return asyncio.run(_spoken(_within(url, work)))


def run_alone(work: Awaitable[Done]) -> Done:
    """Do this, which opens what it needs by itself; whatever goes wrong is a Fault."""
    return asyncio.run(_spoken(work))


async def _within(url: str, work: Callable[[Database], Awaitable[Done]]) -> Done:
    if not await migrate.is_current(url):
        raise SchemaIsOlder
    database = await Database.open(url, unseen=True)
    try:
        return await work(database)
    finally:
        await database.close()


async def _spoken(work: Awaitable[Done]) -> Done:
    try:
        return await work
    except Refused as refused:
        raise Fault(sentence(refused)) from None
    except NotFound:
        raise Fault("There is nothing with that name or id.") from None
    except SchemaIsOlder:
        raise Fault("The database is not up to date. Run `doorstep migrate` first.") from None
    except WasMoved as moved:
        raise Fault(f"Nothing was done: {moved}.") from None
    except SchemaIsNewer:
        raise Fault("The database was upgraded by a newer Doorstep than this one.") from None
    except KeysDoNotOpen:
        raise Fault(KEYS_DO_NOT_OPEN) from None
    except (DatabaseAway, TryAgain) as away:
        raise Fault(f"The database does not answer: {away}") from None
