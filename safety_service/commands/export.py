"""`doorstep export`: what goes to a meeting, an inspection, or the family that asks for what is kept of it."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from safety_service.actions import exports, figures_of_care
from safety_service.actions.exports import Scope
from safety_service.actions.exports_written import FORMATS, written
from safety_service.actions.table import Table
from safety_service.commands.choosing import the_agency
from safety_service.commands.running import Fault, run_on
from safety_service.domain.local_time import BadTime, read_time
from safety_service.store.agencies import Agency
from safety_service.store.database import Database, Tx
from safety_service.transact import in_transaction

_WHAT = ("debriefs", "visits", "alerts", "care")


@click.command("export")
@click.argument("what", type=click.Choice(_WHAT))
@click.option("--from", "since", required=True, help='On the agency\'s clock: "2026-03-01 00:00".')
@click.option("--to", "until", required=True, help='On the agency\'s clock, not included: "2026-04-01 00:00".')
@click.option("--format", "form", type=click.Choice(tuple(FORMATS)), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file to write to; else it is printed.")
@click.option("--agency", help="Where there is more than one.")
def command(*, what: str, since: str, until: str, form: str, out: Path | None, agency: str | None) -> None:
    """Debriefs, visits, alerts, or the figures of care of a period. No reflections, and nothing by worker."""
    if form == "pdf" and out is None:
        raise Fault("A PDF goes to a file: say --out.")
    try:
        rows, text = run_on(lambda database: _exported(database, what, since, until, form, agency))
    except BadTime as bad:
        raise Fault(str(bad)) from None
    if out is None:
        click.echo(text, nl=False)
        return
    out.touch(mode=0o600)
    out.write_bytes(text)
    click.echo(f"{rows} rows are in {out}. It holds case text: keep it as you would the file itself.", err=True)


async def _exported(
    database: Database, what: str, since: str, until: str, form: str, agency: str | None
) -> tuple[int, bytes]:
    """Whoever writes meanwhile waits for nothing: only that it was exported is written, before it is out."""
    async with database.reading() as tx:
        table, scope, now = await _gathered(tx, what, since, until, agency)
    text = written(table, form, now)
    count = len(table.rows)
    await in_transaction(database, lambda tx: exports.keep_export(tx, None, scope, what, count))
    return count, text


async def _gathered(tx: Tx, what: str, since: str, until: str, agency: str | None) -> tuple[Table, Scope, datetime]:
    owner: Agency = await the_agency(tx, agency)
    zone = ZoneInfo(owner.timezone)
    begins, ends = read_time(since, zone), read_time(until, zone, ending=True)
    now = tx.now.astimezone(zone)
    if what == "care":
        return *await figures_of_care.gathered(tx, None, owner.id, begins, ends), now
    return *await exports.gathered(tx, None, what, owner.id, begins, ends), now
