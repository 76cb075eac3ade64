"""`doorstep standing`: who hears when nobody on duty has taken an alert."""

import click

from safety_service.actions import standing
from safety_service.actions.standing import StandingList
from safety_service.commands.choosing import the_agency, the_person
from safety_service.commands.running import run
from safety_service.commands.table import show
from safety_service.store.database import Tx
from safety_service.store.people import Person


@click.group("standing")
def command() -> None:
    """Who hears when nobody on duty does: at least two people, none of them only by one way."""


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--agency", help="Where the name is in more than one.")
def add(person: str, agency: str | None) -> None:
    """Put somebody on the standing list of their agency."""

    async def work(tx: Tx) -> Person:
        return await standing.add(tx, None, (await the_person(tx, person, agency)).id)

    click.echo(f"{run(work).name} is on the standing list.")


@command.command("list")
@click.option("--agency", help="Where there is more than one.")
def list_(agency: str | None) -> None:
    """List the people on the standing list, and say what is wrong with it."""

    async def work(tx: Tx) -> StandingList:
        return await standing.of(tx, None, (await the_agency(tx, agency)).id)

    found = run(work)
    show(
        ("NAME", "PHONE", ""),
        [(each.name, each.phone or "–", _wrong(found, each)) for each in found.people],
        empty="Nobody is on the standing list.",
    )
    if found.too_short:
        click.echo(f"At least {standing.LEAST} people who can be reached are needed: one may be asleep, or the worker.")
    elif found.short_of_ways:
        click.echo(f"At least {standing.LEAST} people are needed who can be reached in two ways that they have tried.")


def _wrong(found: StandingList, each: Person) -> str:
    if each.id in found.unreachable:
        return "NOTHING REACHES THEM: no chat is linked"
    return "" if each.id in found.in_two_ways else "one way only"


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--agency", help="Where the name is in more than one.")
def remove(person: str, agency: str | None) -> None:
    """Take somebody off the standing list."""

    async def work(tx: Tx) -> tuple[Person, bool]:
        gone = await standing.remove(tx, None, (await the_person(tx, person, agency)).id)
        return gone, (await standing.of(tx, None, gone.agency_id)).too_short

    gone, too_short = run(work)
    click.echo(f"{gone.name} is off the standing list.")
    if too_short:
        click.echo(f"Fewer than {standing.LEAST} people on it can be reached now.")
