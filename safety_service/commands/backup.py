"""`doorstep backup`: a copy of the database, while the service runs."""

from pathlib import Path

import click

from safety_service.actions.figures import COPIED
from safety_service.commands.running import Fault, run_alone, settings
from safety_service.store import backup, stamps
from safety_service.store.database import Database
from safety_service.store.errors import CopyFailed, DatabaseAway, SchemaIsOlder, TryAgain
from safety_service.store.manifest import Manifest, beside


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Copy the whole database to FILE, and what it is of to FILE.json. The service may run meanwhile.

    Nothing is overwritten. Names and texts in the copy stay sealed; the keys are not in it.
    """
    url = settings().database_url
    try:
        made = run_alone(_save(url, file))
    except CopyFailed as why:
        raise Fault(f"There is no copy: {why}.") from None
    click.echo(f"{file}: {said(made)}")
    click.echo(f"What it is of is in {beside(file)}: keep the two together.")
    click.echo("Names and texts in it are sealed, and the keys are not in it: keep a copy of those in another place.")


async def _save(url: str, file: Path) -> Manifest:
    made = await backup.save(url, file)
    try:
        database = await Database.open(url, pool_size=1)
        try:
            async with database.transaction() as tx:
                await stamps.stamp(tx, COPIED)
        finally:
            await database.close()
    except (DatabaseAway, TryAgain, SchemaIsOlder):
        click.echo("The copy is whole; the database did not take down that it was made.", err=True)
    return made


def said(of: Manifest) -> str:
    """What a copy holds, in one line."""
    counted = ", ".join(f"{name}: {count}" for name, count in of.counts.items())
    return f"{of.at:%Y-%m-%d %H:%M:%S} UTC, step {of.revision}; {counted}."
