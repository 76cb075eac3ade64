"""`doorstep drill`: try every way to reach somebody, by day and with a warning, so that it works by night."""

from __future__ import annotations

import click

from safety_service.actions import drilling
from safety_service.actions.drilling import Drilled
from safety_service.commands.choosing import the_agency, the_person
from safety_service.commands.running import run
from safety_service.commands.table import show
from safety_service.store.database import Tx


@click.command("drill")
@click.argument("whom", metavar="PERSON|LADDER")
@click.option("--agency", help="Where there is more than one.")
def command(whom: str, agency: str | None) -> None:
    """Send a code by every way that somebody has proven; they confirm each on their own page.

    LADDER is one of default, low, medium, high, danger: everybody who stands on it now.
    """

    async def work(tx: Tx) -> list[Drilled]:
        if whom in drilling.LADDERS:
            return await drilling.ladder(tx, None, (await the_agency(tx, agency)).id, whom)
        return [await drilling.person(tx, None, (await the_person(tx, whom, agency)).id)]

    rows = [(each.person.name, ", ".join(each.tried) or "NOTHING WAKES THEM", each.why_not) for each in run(work)]
    show(("NAME", "TRIED", ""), rows, empty="Nobody stands on it now.")
    click.echo(
        'They confirm each under "How you are reached". What nobody confirms does not count when its time is over.'
    )
