"""`doorstep migrate`: make the database, or bring it up to date."""

import click

from config.guidance import GuidanceError
from config.policy import PolicyError
from safety_service.commands.files import upgrade
from safety_service.commands.running import Fault, run_alone, settings
from safety_service.store.errors import CopyFailed


@click.command("migrate")
def command() -> None:
    """Make the database, or bring it up to date.

    A new one begins with the policy and the guidance that DOORSTEP_POLICY and DOORSTEP_GUIDANCE name.
    """
    read = settings(first=True)
    try:
        run_alone(upgrade(read))
    except PolicyError as wrong:
        raise Fault("\n".join([f"{read.policy} cannot be used:", *wrong.faults])) from None
    except GuidanceError as wrong:
        raise Fault("\n".join([f"{read.guidance} cannot be used:", *wrong.faults])) from None
    except CopyFailed as interrupted:
        raise Fault(f"Nothing was changed: {interrupted}.") from None
    click.echo("The database is up to date.")
