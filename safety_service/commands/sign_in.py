"""`doorstep sign-in`: a one-time link."""

import click

from safety_service.actions import signing_in
from safety_service.actions.linking import Invitation
from safety_service.commands.choosing import the_person
from safety_service.commands.running import run, settings
from safety_service.store.database import Tx


@click.command("sign-in")
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--agency", help="Where the name is in more than one.")
def command(person: str, agency: str | None) -> None:
    """Print a one-time link that signs somebody in on the web. It works once, for 24 hours."""

    async def work(tx: Tx) -> Invitation:
        return await signing_in.sign_in_link(tx, None, (await the_person(tx, person, agency)).id)

    click.echo(run(work).web_link(settings().base_url))
