"""`doorstep agency`: agencies, and their data-protection assessments."""

import click

from safety_service.actions import agencies
from safety_service.commands.choosing import the_agency
from safety_service.commands.running import run
from safety_service.commands.table import show
from safety_service.store import agencies as rows
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx


@click.group("agency")
def command() -> None:
    """Add, list and confirm agencies."""


@command.command()
@click.argument("name")
@click.option("--timezone", default="Europe/London", show_default=True, help="By which clock its day runs.")
@click.option("--office-phone", default="", help="What a worker rings when nobody answers here.")
def add(name: str, timezone: str, office_phone: str) -> None:
    """Add an agency."""

    async def work(tx: Tx) -> Agency:
        return await agencies.add(tx, None, name.strip(), timezone=timezone, office_phone=office_phone)

    click.echo(f"{run(work).name} is there. Telegram carries only linking until `doorstep agency confirm`.")


@command.command()
@click.argument("number")
@click.argument("name", required=False)
def phone(number: str, name: str | None) -> None:
    """Set the office's number: what a worker rings when nobody answers here."""

    async def work(tx: Tx) -> str:
        agency = await the_agency(tx, name)
        return f"{agency.name}: the office is rung on {await agencies.set_office_phone(tx, None, agency.id, number)}."

    click.echo(run(work))


@command.command("list")
def list_() -> None:
    """List agencies."""
    show(
        ("NAME", "TIME ZONE", "OFFICE PHONE", "ASSESSMENT"),
        [(each.name, each.timezone, each.office_phone or "–", _assessment(each)) for each in run(rows.every)],
        empty="There is no agency yet. `doorstep agency add NAME` makes one.",
    )


def _assessment(agency: Agency) -> str:
    if agency.assessed_at is not None:
        return f"confirmed {agency.assessed_at:%Y-%m-%d} by {agency.assessed_by}"
    return "not needed: a demonstration" if agency.demonstration else "not confirmed"


@command.command()
@click.argument("name", required=False)
@click.option("--by", "who", required=True, help="Who confirms it, by name.")
def confirm(name: str | None, who: str) -> None:
    """Confirm an agency's data-protection assessment: from now on Telegram may carry more than linking."""

    async def work(tx: Tx) -> Agency:
        agency = await the_agency(tx, name)
        await agencies.confirm_assessment(tx, None, agency.id, who)
        return agency

    click.echo(f"{run(work).name}: the assessment is confirmed by {who.strip()}.")
