"""`doorstep restore`: a copy of the database is put back, and nothing of it is taken for the present."""

from datetime import datetime
from pathlib import Path

import click

from safety_service.actions import restoring
from safety_service.actions.restoring import TakenUp
from safety_service.commands.backup import said
from safety_service.commands.running import Fault, run_alone, settings
from safety_service.store import manifest, restore
from safety_service.store.database import Database, Tx
from safety_service.store.errors import CopyFailed
from safety_service.store.manifest import Manifest
from safety_service.transact import in_transaction


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="The database that is there is kept as a copy, and replaced.")
@click.option("--sign-out", is_flag=True, help="End every session: everybody signs in again.")
def command(file: Path, replace: bool, sign_out: bool) -> None:
    """Put the copy in FILE back. Stop the service first, in every place where it runs.

    What was said, planned and decided after the copy was made is lost. When the service starts, everyone who was
    watched is asked. Messages that were waiting do not go out; codes and links end.
    """
    url = settings().database_url
    try:
        of = manifest.read(file)
        done, kept = run_alone(_put_back(url, file, of, replace=replace, sign_out=sign_out))
    except CopyFailed as why:
        raise Fault(f"Nothing was changed: {why}.") from None
    _say(of, done, kept)


async def _put_back(
    url: str, file: Path, of: Manifest, *, replace: bool, sign_out: bool
) -> tuple[TakenUp, Path | None]:
    since: datetime = of.watched_until or of.at
    done: list[TakenUp] = []

    async def take_up(database: Database) -> None:
        async def work(tx: Tx) -> TakenUp:
            return await restoring.take_up(tx, since, sign_out=sign_out)

        done.append(await in_transaction(database, work))

    kept = await restore.put_back(url, file, take_up, replace=replace)
    return done[-1], kept


def _say(of: Manifest, done: TakenUp, kept: Path | None) -> None:
    click.echo(f"Put back: {said(of)}")
    if kept is not None:
        click.echo(f"What was there before is in {kept}.")
    click.echo(f"{done.held} messages that were waiting are held. {done.codes} codes and links have ended.")
    click.echo("Lost: all that was said, planned and decided since. Do again what was changed in people, phones, duty,")
    click.echo("exclusions and policy. Then start the service: it asks everyone who was watched, and alerts go on.")
    click.echo("Ring whoever may have gone out since: this copy does not know of them.")
