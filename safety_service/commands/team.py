"""`doorstep team`: the teams of an agency."""

import click

from safety_service.actions import agencies
from safety_service.commands.choosing import the_agency
from safety_service.commands.running import run
from safety_service.commands.table import show
from safety_service.store import agencies as agency_rows
from safety_service.store import people, teams
from safety_service.store.database import Tx


@click.group("team")
def command() -> None:
    """Add and list teams."""


@command.command()
@click.argument("name")
@click.option("--agency", help="Where there is more than one.")
def add(name: str, agency: str | None) -> None:
    """Add a team."""

    async def work(tx: Tx) -> str:
        owner = await the_agency(tx, agency)
        return f"{owner.name}: {(await agencies.add_team(tx, None, owner.id, name.strip())).name} is there."

    click.echo(run(work))


@command.command("list")
def list_() -> None:
    """List the teams of every agency."""

    async def work(tx: Tx) -> list[tuple[str, str, str]]:
        owners = {each.id: each.name for each in await agency_rows.every(tx)}
        return [
            (owners[team.agency_id], team.name, str(len(await people.in_team(tx, team.id))))
            for team in await teams.every(tx)
        ]

    show(("AGENCY", "TEAM", "PEOPLE"), sorted(run(work)), empty="There is no team yet.")
