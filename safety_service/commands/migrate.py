"""`doorstep migrate`: make the database, or bring it up to date."""

import asyncio
import time

import click

from config.guidance import GuidanceError
from config.policy import PolicyError
from config.settings import Settings
from safety_service.commands.files import upgrade
from safety_service.commands.running import Fault, run_alone, settings
from safety_service.processes.backoff import Backoff
from safety_service.store.errors import CannotKeep, CopyFailed, DatabaseAway, TryAgain

#: Seconds for which a database that is away is waited for: nobody starts this again, and all others wait for it.
WITHIN = 60.0


@click.command("migrate")
def command() -> None:
    """Make the database, or bring it up to date.

    A new one begins with the policy and the guidance that DOORSTEP_POLICY and DOORSTEP_GUIDANCE name. One that does not
    answer yet is waited for, for a minute.
    """
    read = settings(first=True)
    try:
        run_alone(_upgraded(read))
    except PolicyError as wrong:
        raise Fault("\n".join([f"{read.policy} cannot be used:", *wrong.faults])) from None
    except GuidanceError as wrong:
        raise Fault("\n".join([f"{read.guidance} cannot be used:", *wrong.faults])) from None
    except CopyFailed as interrupted:
        raise Fault(f"Nothing was changed: {interrupted}.") from None
    click.echo("The database is up to date.")


async def _upgraded(read: Settings) -> None:
    """Raises as `upgrade`: DatabaseAway or TryAgain only when it was waited for. A full disk does not empty itself."""
    backoff, until = Backoff(), time.monotonic() + WITHIN
    while True:
        try:
            return await upgrade(read)
        except CannotKeep:
            raise
        except (DatabaseAway, TryAgain) as away:
            if time.monotonic() >= until:
                raise
            click.echo(f"Waiting for the database: {away}", err=True)
        await asyncio.sleep(backoff.ended())
