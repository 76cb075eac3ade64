"""`doorstep exclude`: keeping somebody off a worker or a family."""

from uuid import UUID

import click

from safety_service.actions import exclusions
from safety_service.actions.exclusions import Described
from safety_service.commands.choosing import the_agency, the_person
from safety_service.commands.running import run
from safety_service.commands.table import show
from safety_service.store.database import Tx


@click.group("exclude")
def command() -> None:
    """Keep somebody (a relative, a former partner) off a worker's or a family's alerts, visits, board and search."""


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--worker", help="The worker whom they are kept off, by name or e-mail address.")
@click.option("--family", help="The family that they are kept off, by reference.")
@click.option("--reason", required=True, help="Kept sealed; administrators read it.")
@click.option("--agency", help="Where the name is in more than one.")
def add(person: str, worker: str | None, family: str | None, reason: str, agency: str | None) -> None:
    """Keep somebody off a worker or a family."""

    async def work(tx: Tx) -> str:
        who = await the_person(tx, person, agency)
        worker_id = (await the_person(tx, worker, agency)).id if worker else None
        await exclusions.add(tx, None, who.id, worker_id=worker_id, family_ref=family, reason=reason)
        return who.name

    click.echo(f"{run(work)} is kept off from now on.")


@command.command("list")
@click.option("--agency", help="Where there is more than one.")
def list_(agency: str | None) -> None:
    """List exclusions."""

    async def work(tx: Tx) -> list[Described]:
        return await exclusions.of_agency(tx, None, (await the_agency(tx, agency)).id)

    show(
        ("WHO", "KEPT OFF", "SINCE", "REASON", "ID"),
        [
            (each.person.name, each.kept_off, f"{each.row.created_at:%Y-%m-%d}", each.reason, str(each.row.id))
            for each in run(work)
        ],
        empty="Nobody is kept off anything.",
    )


@command.command()
@click.argument("exclusion", type=click.UUID, metavar="ID")
@click.option("--agency", help="Where there is more than one.")
def remove(exclusion: UUID, agency: str | None) -> None:
    """End an exclusion, by the id that `exclude list` shows. That it was there is kept."""

    async def work(tx: Tx) -> None:
        await exclusions.end(tx, None, (await the_agency(tx, agency)).id, exclusion)

    run(work)
    click.echo("The exclusion has ended.")
