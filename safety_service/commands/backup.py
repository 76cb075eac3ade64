"""`doorstep backup`: a copy of the database, while the service runs."""

from pathlib import Path

import click

from safety_service.commands.running import Fault, run_alone, settings
from safety_service.store import backup
from safety_service.store.errors import CopyFailed
from safety_service.store.manifest import Manifest, beside


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(file: Path) -> None:
    """Copy the whole database to FILE, and what it is of to FILE.json. The service may run meanwhile.

    Nothing is overwritten. Names and texts in the copy stay sealed; the keys are not in it.
    """
    url = settings().database_url
    try:
        made = run_alone(backup.save(url, file))
    except CopyFailed as why:
        raise Fault(f"There is no copy: {why}.") from None
    click.echo(f"{file}: {said(made)}")
    click.echo(f"What it is of is in {beside(file)}: keep the two together.")
    click.echo("Names and texts in it are sealed, and the keys are not in it: keep a copy of those in another place.")


def said(of: Manifest) -> str:
    """What a copy holds, in one line."""
    counted = ", ".join(f"{name}: {count}" for name, count in of.counts.items())
    return f"{of.at:%Y-%m-%d %H:%M:%S} UTC, step {of.revision}; {counted}."
