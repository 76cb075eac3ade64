"""`doorstep rota`: who is on duty when."""

from uuid import UUID
from zoneinfo import ZoneInfo

import click

from safety_service.actions import rota
from safety_service.actions.rota import Added, TeamRota
from safety_service.commands.choosing import the_agency, the_person, the_team
from safety_service.commands.running import Fault, run
from safety_service.commands.table import show
from safety_service.domain.local_time import BadTime, read_time, say_time
from safety_service.store import agencies, teams
from safety_service.store.database import Tx


@click.group("rota")
def command() -> None:
    """Who is on duty when: add, list, remove."""


@command.command()
@click.argument("post")
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--from", "starts", required=True, help='On the agency\'s clock: "2026-03-28 20:00".')
@click.option("--to", "ends", required=True, help='On the agency\'s clock: "2026-03-29 08:00".')
@click.option("--covers", help="For whom they stand in: that person is off the post meanwhile.")
@click.option("--team", help="Where there is more than one.")
@click.option("--agency", help="Where there is more than one.")
def add(
    *, post: str, person: str, starts: str, ends: str, covers: str | None, team: str | None, agency: str | None
) -> None:
    """Put somebody on a post such as manager_on_duty or deputy_on_duty. Two on one post both hear."""

    async def work(tx: Tx) -> tuple[str, Added]:
        on = await the_team(tx, team, agency)
        owner = await agencies.get(tx, on.agency_id)
        zone = ZoneInfo(owner.timezone)
        who = await the_person(tx, person, owner.name)
        added = await rota.add(
            tx,
            None,
            on.id,
            post,
            who.id,
            starts_at=read_time(starts, zone),
            ends_at=read_time(ends, zone, ending=True),
            covers_id=(await the_person(tx, covers, owner.name)).id if covers else None,
        )
        hours = f"{say_time(added.shift.starts_at, zone)} to {say_time(added.shift.ends_at, zone)}"
        return f"{who.name} is {post} of {on.name}, {hours} ({zone.key}).", added

    try:
        said, added = run(work)
    except BadTime as bad:
        raise Fault(str(bad)) from None
    click.echo(said)
    if added.in_no_ladder:
        click.echo(f"No ladder of the policy names {post}: they hear only when everyone on duty does.")
    if added.unreachable:
        click.echo(f"Nothing reaches them yet: no chat is linked. `doorstep invite {person}` makes a code.")


@command.command("list")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 92), help="How far ahead.")
@click.option("--team", help="Only this team.")
@click.option("--agency", help="Only this agency.")
def list_(days: int, team: str | None, agency: str | None) -> None:
    """List the coming shifts of each team, and say plainly when nobody is on duty."""

    async def work(tx: Tx) -> list[tuple[ZoneInfo, TeamRota]]:
        if team is not None:
            wanted = [await the_team(tx, team, agency)]
        else:
            wanted = await teams.every(tx, None if agency is None else (await the_agency(tx, agency)).id)
        return [
            (ZoneInfo((await agencies.get(tx, each.agency_id)).timezone), await rota.coming(tx, None, each.id, days))
            for each in wanted
        ]

    found = run(work)
    if not found:
        click.echo("There is no team yet.")
    for zone, coming in found:
        _show(zone, coming, days)


def _show(zone: ZoneInfo, coming: TeamRota, days: int) -> None:
    click.echo(f"{coming.team.name} ({zone.key})")
    names = {each.id: each.name for each in coming.people.values()}
    show(
        ("POST", "WHO", "FROM", "TO", "ID"),
        [
            (
                each.post,
                names[each.person_id] + (f" for {names[each.covers_id]}" if each.covers_id else ""),
                say_time(each.starts_at, zone),
                say_time(each.ends_at, zone),
                str(each.id),
            )
            for each in coming.shifts
        ],
        empty="Nobody is on the rota.",
    )
    for gap in coming.gaps:
        click.echo(f"NOBODY is {gap.post} from {say_time(gap.starts_at, zone)} to {say_time(gap.ends_at, zone)}.")
    for each in coming.doubled:
        who = " and ".join(names[person] for person in each.people)
        until = say_time(each.ends_at, zone)
        click.echo(f"NO SECOND PERSON: {who} is {each.post}, too, from {say_time(each.starts_at, zone)} to {until}.")
    if not coming.gaps and not coming.doubled:
        click.echo(f"Somebody is on every post for the next {days} days.")
    click.echo()


@command.command()
@click.argument("shift", type=click.UUID, metavar="ID")
def remove(shift: UUID) -> None:
    """Take a shift off the rota, by the id that `rota list` shows."""
    run(lambda tx: rota.remove(tx, None, shift))
    click.echo("The shift is off the rota.")
