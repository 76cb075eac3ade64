"""`doorstep log`: the evidence log, and what it tells of one alert."""

import click

from safety_service.actions import timeline
from safety_service.commands.choosing import the_agency
from safety_service.commands.running import run
from safety_service.store.database import Tx


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
