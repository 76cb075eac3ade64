"""`doorstep retention`: what would be removed now. Removing it is the running service's; this changes nothing."""

from collections.abc import Mapping
from uuid import UUID

import click

from safety_service.actions import removing
from safety_service.actions.removing import Due
from safety_service.commands.running import run_on
from safety_service.commands.table import show
from safety_service.domain.keeping import how_long
from safety_service.store import agencies
from safety_service.store.database import Database


@click.group("retention")
def command() -> None:
    """What is removed after which time; `[retention]` in the policy says it, and a hold stands above it."""


@command.command("show")
def show_() -> None:
    """Show what would be removed now, by agency. Nothing is changed."""
    rules, names = run_on(_due)
    rows = [(each.name, how_long(each.lasts), f"{each.before:%Y-%m-%d}", _counts(each, names)) for each in rules]
    show(("WHAT", "KEPT FOR", "OLDER THAN", "WOULD GO NOW"), rows, empty="")
    click.echo("What is held, open or watched is not counted. The running service removes the rest, an hour at a time.")


async def _due(database: Database) -> tuple[list[Due], Mapping[UUID | None, str]]:
    async with database.reading() as tx:
        named: dict[UUID | None, str] = {each.id: each.name for each in await agencies.every(tx)}
        return await removing.due(tx), named


def _counts(each: Due, names: Mapping[UUID | None, str]) -> str:
    if len(each.counts) == 1 and len(names) == 1:
        return str(each.total)
    parts = [f"{names.get(agency, 'nobody’s')}: {count}" for agency, count in each.counts.items() if count]
    return ", ".join(sorted(parts)) or "0"
