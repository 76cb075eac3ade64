"""`doorstep log`: whether the evidence log is whole, where its chain ends, and what it tells of one alert."""

import re

import click

from safety_service.actions import event_chain, timeline
from safety_service.commands.choosing import the_agency
from safety_service.commands.running import Fault, run, run_on
from safety_service.domain.event_chain import Verifier
from safety_service.store.database import Database, Tx

_END = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


@click.group("log")
def command() -> None:
    """The evidence log: whether it is whole, and the whole timeline of one alert."""


@command.command()
@click.argument("number", type=int)
@click.option("--agency", help="Where there is more than one.")
def alert(number: int, agency: str | None) -> None:
    """Print the whole timeline of the alert with this number. That it was read is kept."""

    async def work(tx: Tx) -> str:
        return await timeline.of_number(tx, None, (await the_agency(tx, agency)).id, number)

    click.echo(run(work), nl=False)


@command.command()
def head() -> None:
    """Print where the chain ends. Kept elsewhere, it shows later whether the end was cut off."""

    async def work(database: Database) -> str:
        async with database.reading() as tx:
            last = await event_chain.head(tx)
        return "" if last is None else f"{last.number}:{last.digest}"

    click.echo(run_on(work) or "The chain has not begun: a running scheduler makes it.")


def _kept(_context: click.Context, _parameter: click.Parameter, given: str | None) -> tuple[int, str] | None:
    if given is None:
        return None
    read = _END.fullmatch(given.strip().lower())
    if read is None:
        raise click.BadParameter("an end is a number, a colon and 64 digits and letters, as `doorstep log head` says")
    return int(read[1]), read[2]


@command.command()
@click.option("--head", "kept", callback=_kept, help="An end that was kept elsewhere: everything up to it is there.")
def verify(kept: tuple[int, str] | None) -> None:
    """Find every change, removal and insertion, whoever made it. A line for each, and exit 1 if there is any."""
    faults, walked = run_on(lambda database: _verified(database, kept))
    emptied = sum(walked.emptied.values())
    click.echo(f"{walked.count} entries are linked, {emptied} of them emptied; {walked.outside} are not linked yet.")
    if walked.before is not None:
        click.echo(f"The chain ends at {walked.before.number}:{walked.before.digest}")
    if faults:
        raise Fault(f"{faults} {'finding' if faults == 1 else 'findings'}: this log is not as it was written.")
    click.echo("Nothing was changed.")


async def _verified(database: Database, kept: tuple[int, str] | None) -> tuple[int, Verifier]:
    faults = 0
    async with database.reading() as tx:
        walking = event_chain.verifier_for(tx, kept)
        async for found in event_chain.verify(tx, walking):
            click.echo(found)
            faults += 1
    return faults, walking
