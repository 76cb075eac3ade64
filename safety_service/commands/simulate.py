"""`doorstep simulate`: days in a database of their own, with faults, and each promise looked at throughout."""

import click

from safety_service.simulation.day import WORKERS, Lived
from safety_service.simulation.soaking import soak
from safety_service.simulation.worker import LIVELY, QUIET


@click.command("simulate")
@click.option("--seed", type=click.IntRange(min=0), help="The day to live; the same one each time.")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), default=8.0, show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=WORKERS, show_default=True, help="How many go out.")
@click.option("--for", "seconds", type=click.FloatRange(min=0), help="Live other days, one after the other, so long.")
@click.option("--quiet", is_flag=True, help="Long visits to quiet families: many hours in little time.")
def command(seed: int | None, hours: float, workers: int, seconds: float | None, *, quiet: bool) -> None:
    """Simulate a day of the whole service, in a database of its own that is thrown away, with faults.

    Exit 1 where a promise was broken: then it says which, and what happened last. Without a seed it chooses one.
    """
    lived = soak(seed, hours, workers, seconds or 0.0, show=_show, manner=QUIET if quiet else LIVELY)
    if lived.broken is not None:
        raise SystemExit(1)


def _show(lived: Lived) -> None:
    rate = lived.visit_hours / lived.cpu_s if lived.cpu_s else 0.0
    click.echo(
        f"seed {lived.seed}: {lived.hours:g} hours, {lived.visit_hours:.0f} visit-hours, {lived.steps} steps, "
        f"{lived.counts['alert']} alerts, {lived.counts['crash']} crashes, {rate:.0f} visit-hours a second, "
        f"digest {lived.digest}"
    )
    if lived.broken is None:
        return
    for line in lived.last:
        click.echo(line)
    found = lived.broken
    click.echo(f"BROKEN at step {found.step}, {found.at:%Y-%m-%d %H:%M:%S} UTC: {found.promise}: {found.why}")
    click.echo(f"Again: doorstep simulate --seed {lived.seed} --hours {lived.hours:g} --workers {lived.workers}")
