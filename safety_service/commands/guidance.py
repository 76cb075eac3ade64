"""`doorstep guidance`: checking a guidance file, putting an edition in force, and showing the one that is."""

from pathlib import Path
from uuid import UUID

import click

from config.guidance import Guidance, GuidanceError, parse_guidance
from safety_service.actions import guidances
from safety_service.commands.choosing import the_agency
from safety_service.commands.files import text_of
from safety_service.commands.running import Fault, run
from safety_service.commands.table import show
from safety_service.store.database import Tx
from safety_service.store.guidances import Edition

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SECTIONS = ("behaviours", "reasons", "circumstances", "areas", "child", "quiet", "reflections", "measures", "needs")


@click.group("guidance")
def command() -> None:
    """Check a guidance file, put an edition in force, or show what is asked."""


@command.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Name every error with its line."""
    _good(file, text_of(file))
    click.echo(f"{file} can be used.")


@command.command()
@click.argument("file", type=_FILE)
@click.option("--agency", help="For this agency alone; without it, for every agency that has none of its own.")
@click.option("--by", "who", required=True, help="Who decided on it, by name.")
@click.option("--why", required=True, help="The reason: somebody will ask.")
def apply(file: Path, agency: str | None, who: str, why: str) -> None:
    """Put a new edition of the guidance in force. What was recorded keeps the edition that it was asked by."""
    text = text_of(file)
    _good(file, text)

    async def work(tx: Tx) -> int:
        of: UUID | None = None if agency is None else (await the_agency(tx, agency)).id
        return await guidances.apply(tx, None, of, text, who=who, why=why)

    click.echo(f"Edition {run(work)} is in force.")


@command.command("show")
@click.option("--agency", help="The agency; not needed where there is only one.")
def show_(agency: str | None) -> None:
    """Show what is asked now, with the source of each."""

    async def work(tx: Tx) -> Edition:
        return await tx.guidance((await the_agency(tx, agency)).id)

    edition = run(work)
    click.echo(f"Edition {edition.number or 'as shipped'}.")
    rows = [
        (section, key, each.says, each.source)
        for section in _SECTIONS
        for key, each in edition.guidance.asked(section).items()
    ]
    show(("SECTION", "KEY", "SAYS", "SOURCE"), rows, empty="Nothing is asked.")


def _good(file: Path, text: str) -> Guidance:
    try:
        return parse_guidance(text)
    except GuidanceError as wrong:
        raise Fault("\n".join([f"{file} cannot be used:", *wrong.faults])) from None
