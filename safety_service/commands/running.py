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
from safety_service.store.errors import DatabaseAway, KeysDoNotOpen, SchemaIsNewer, SchemaIsOlder, TryAgain
from safety_service.transact import in_transaction

Done = TypeVar("Done")


class Fault(click.ClickException):
    """Printed on stderr as it is; exit 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print every line of it, without a heading."""
        click.echo(self.format_message(), file=file, err=file is None)


def settings() -> Settings:
    """The settings of this process; its keys are in use from now on. Raises Fault naming every setting at fault."""
    try:
        read = read_settings()
        sealing.use(keyfile.ring_of(read))
    except SettingsError as wrong:
        raise Fault("\n".join(wrong.faults)) from None
    except (OSError, ValueError) as unusable:
        raise Fault(f"The secret keys cannot be used: {unusable}") from None
    return read


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
    database = await Database.open(url)
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
    except SchemaIsNewer:
        raise Fault("The database was upgraded by a newer Doorstep than this one.") from None
    except KeysDoNotOpen:
        raise Fault("The secret keys do not open this database. Check DOORSTEP_SECRET_KEYS.") from None
    except (DatabaseAway, TryAgain) as away:
        raise Fault(f"The database does not answer: {away}") from None
