"""`doorstep invite`: a one-time code and links."""

import click

from safety_service.actions import linking
from safety_service.actions.linking import Invitation
from safety_service.commands.choosing import the_person
from safety_service.commands.running import run, settings
from safety_service.store.database import Tx


@click.command("invite")
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--agency", help="Where the name is in more than one.")
def command(person: str, agency: str | None) -> None:
    """Print a one-time code and links for somebody. They work once, for 24 hours; older ones stop working."""

    async def work(tx: Tx) -> Invitation:
        return await linking.invite(tx, None, (await the_person(tx, person, agency)).id)

    made = run(work)
    click.echo(f"For {made.person.name}, once, within 24 hours:")
    click.echo(f"  In a browser: {made.web_link(settings().base_url)}")
    if made.telegram_link is not None:
        click.echo(f"  In Telegram:  {made.telegram_link}")
    click.echo(f"  By hand:      /start {made.code}")
