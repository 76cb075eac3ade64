"""`doorstep migrate`: make the database, or bring it up to date."""

import click

from config.policy import PolicyError
from safety_service.commands.running import Fault, run_alone, settings
from safety_service.store import migrate


@click.command("migrate")
def command() -> None:
    """Make the database, or bring it up to date. A new one begins with the policy that DOORSTEP_POLICY names."""
    read = settings()
    try:
        first_policy = read.policy.read_text(encoding="utf-8")
        run_alone(migrate.upgrade(read.database_url, first_policy))
    except PolicyError as wrong:
        raise Fault("\n".join([f"{read.policy} cannot be used:", *wrong.faults])) from None
    except (OSError, UnicodeDecodeError) as unreadable:
        raise Fault(f"{read.policy} cannot be read: {unreadable}") from None
    click.echo("The database is up to date.")
