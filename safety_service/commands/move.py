"""`doorstep move`: everything goes from one database to another, as from the embedded one to PostgreSQL."""

from pathlib import Path

import click

from safety_service.actions import moving
from safety_service.commands.progress import Progress
from safety_service.commands.running import Fault, run_alone, settings
from safety_service.domain.event_chain import Verifier
from safety_service.store.database import Tx
from safety_service.store.engines import driver_url
from safety_service.store.errors import CopyFailed
from safety_service.store.moving import Moved, move

_SQLITE = b"SQLite format 3\0"


def _address(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    """An address as in DOORSTEP_DATABASE_URL, a database file, or a file with an address: that holds a password."""
    if "://" not in given:
        given = _of_file(Path(given))
    try:
        driver_url(given)
    except Exception:  # noqa: BLE001 - what is wrong with it may quote the password
        raise click.BadParameter("that is no address of a database: sqlite:///… or postgresql://…") from None
    return given


def _of_file(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            start = opened.read(2000)
    except FileNotFoundError:
        # Not taken for a new database: whose file with an address is misspelt would move all to where nobody looks.
        raise click.BadParameter(
            f"there is no {path}; a new database is named by its address, sqlite:///{path}"
        ) from None
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}") from None
    return f"sqlite:///{path}" if start.startswith(_SQLITE) else start.decode(errors="replace").strip()


@click.command("move")
@click.argument("source", callback=_address)
@click.argument("target", callback=_address)
def command(source: str, target: str) -> None:
    """Move everything from the database SOURCE to TARGET, which is empty. Stop the service first, wherever it runs.

    Each is an address as in DOORSTEP_DATABASE_URL, or a file in which one is (it may hold a password), or an SQLite
    file. All of it arrives, and was held against SOURCE, or TARGET stays empty. In the end SOURCE is marked: nothing
    begins on it any more.
    """
    settings()
    kinds = (driver_url(source).get_backend_name(), driver_url(target).get_backend_name())

    async def last(tx: Tx, moved: Moved) -> tuple[Verifier, list[str]]:
        click.echo("All is there. The evidence log is walked.", err=True)
        return await moving.moved(tx, moved, kinds)

    try:
        moved, (walked, found) = run_alone(move(source, target, last, Progress()))
    except CopyFailed as why:
        raise Fault(f"Nothing was moved: {why}.") from None
    _say(moved, walked, found)
    _next(target, marked=moved.marked)


def _say(moved: Moved, walked: Verifier, found: list[str]) -> None:
    counted = ", ".join(f"{name}: {count}" for name, count in moved.of.counts.items())
    click.echo(f"Moved: {moved.rows} rows of {len(moved.tables)} tables ({counted}).")
    click.echo("Each table was read again there, and is what was sent, row by row; every reference leads somewhere.")
    if moved.unopened:
        named = ", ".join(f"{name}: {count}" for name, count in moved.unopened.items())
        click.echo(f"No key here opens some of what is sealed, here as there: {named}. See `doorstep doctor`.")
    else:
        click.echo("All that is sealed in it opens with the keys that are here.")
    if found:
        click.echo(f"The evidence log has {len(found)} findings, here as there; see `doorstep log verify`:")
        for each in found[: moving.SAID]:
            click.echo(f"  {each}")
    else:
        click.echo(f"The evidence log is whole: {walked.count} entries are linked, {walked.outside} not linked yet.")


def _next(target: str, *, marked: bool) -> None:
    click.echo("\nNow, before anything starts:")
    click.echo(f"1. Set DOORSTEP_DATABASE_URL to the new one ({_shown(target)}), everywhere.")
    click.echo("   The keys stay the same: wherever a process starts it needs them.")
    click.echo(
        "2. Keep the old one as it is. It is marked: nothing begins on it, or is kept in it, any more."
        if marked
        else "2. The old one could not be marked as moved: see to it that nothing starts on it any more."
    )
    click.echo("3. `doorstep doctor`, then start the service. It tells everybody concerned from when to when nobody")
    click.echo("   was watched; what fell due meanwhile is overdue. From then on the old one knows nothing of today.")


def _shown(url: str) -> str:
    """Without the password."""
    address = driver_url(url)
    return address.set(drivername=address.get_backend_name()).render_as_string()
