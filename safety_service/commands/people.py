"""`doorstep people`: who works here, and what they may do."""

from pathlib import Path

import click

from safety_service.actions import people, people_csv
from safety_service.actions.people_csv import BadPeopleFile, Entry
from safety_service.actions.people_import import Imported, import_people
from safety_service.commands.choosing import the_agency, the_person, the_team
from safety_service.commands.running import Fault, run
from safety_service.commands.table import show
from safety_service.domain import contact
from safety_service.domain.contact import BadContact
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, teams
from safety_service.store import people as rows
from safety_service.store.database import Tx
from safety_service.store.people import Person

_ROLES = click.Choice([role.value for role in Role])


@click.group("people")
def command() -> None:
    """Import, add, list, unlink and deactivate people."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Bring in a CSV file: agency,team,name,email,phone,roles,supervisor_email,training.

    A person is known by their e-mail address. Roles and training are separated by semicolons, training is written
    code:YYYY-MM-DD. Either the whole file is brought in, or every bad row is named and nothing is.
    """
    try:
        entries = people_csv.read(file.read_text(encoding="utf-8"))
        done = run(lambda tx: import_people(tx, None, entries))
    except BadPeopleFile as bad:
        raise Fault("\n".join([*bad.faults, "Nothing was imported."])) from None
    except UnicodeDecodeError:
        raise Fault(f"{file} is not UTF-8 text: save it as CSV UTF-8. Nothing was imported.") from None
    _report(done)


@command.command()
@click.option("--name", prompt=True, help="As colleagues know them.")
@click.option("--email", prompt=True, help="What they are known by.")
@click.option("--phone", default="", help="What is rung in an alarm.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="May be given again.",
)
@click.option("--supervisor", help="Their supervisor's e-mail address.")
@click.option("--agency", help="Where there is more than one; a new name makes an agency.")
@click.option("--team", help="Where there is more than one; a new name makes a team.")
def add(
    *,
    name: str,
    email: str,
    phone: str,
    roles: tuple[str, ...],
    supervisor: str | None,
    agency: str | None,
    team: str | None,
) -> None:
    """Add a person, change one who is known by this e-mail address, or bring back one who was deactivated.

    The first administrator is made so, on the machine: doorstep people add --role administrator …
    """

    async def work(tx: Tx) -> Imported:
        entry = Entry(
            agency=agency or (await the_agency(tx, None)).name,
            team=team or (await the_team(tx, None, agency)).name,
            name=" ".join(name.split()),
            email=contact.email(email),
            phone=contact.phone(phone) if phone else None,
            roles=frozenset(Role(role) for role in roles),
            supervisor_email=contact.email(supervisor) if supervisor else None,
        )
        return await import_people(tx, None, [entry], bring_back=True)

    try:
        _report(run(work))
    except (BadContact, BadPeopleFile) as bad:
        raise Fault(str(bad)) from None


def _report(done: Imported) -> None:
    for what, names in (("agency", done.agencies), ("team", done.teams)):
        for name in names:
            click.echo(f"New {what}: {name}")
    for said, persons in (("Added", done.added), ("Changed", done.changed)):
        for person in sorted(persons.values(), key=lambda each: each.name):
            click.echo(f"{said}: {person.name}")
    for note in done.notes:
        click.echo(note)
    if done.nothing:
        click.echo("Nothing changed.")
    else:
        click.echo(f"{len(done.added)} added, {len(done.changed)} changed, {len(done.unchanged)} as they were.")


@command.command("list")
@click.option("--agency", help="Only of this agency.")
@click.option("--all", "everybody", is_flag=True, help="Also those who were deactivated.")
def list_(agency: str | None, everybody: bool) -> None:
    """List people with their roles, and whether anything reaches them."""

    async def work(tx: Tx) -> list[tuple[str, ...]]:
        within = None if agency is None else (await the_agency(tx, agency)).id
        found = [each for each in await rows.every(tx, within) if everybody or each.active]
        return await _described(tx, found)

    show(("NAME", "E-MAIL", "PHONE", "AGENCY", "ROLES", "REACHED BY"), run(work), empty="There is nobody yet.")


async def _described(tx: Tx, found: list[Person]) -> list[tuple[str, ...]]:
    owners = {each.id: each.name for each in await agencies.every(tx)}
    team_names = {each.id: each.name for each in await teams.every(tx)}
    ways = await channels.live_many(tx, [each.id for each in found])
    return [
        (
            each.name,
            each.email or "–",
            each.phone or "–",
            owners[each.agency_id],
            "; ".join(f"{team_names[team]}: {', '.join(sorted(held))}" for team, held in each.roles.items()) or "–",
            ", ".join(way.kind for way in ways.get(each.id, ())) or ("nothing yet" if each.active else "deactivated"),
        )
        for each in found
    ]


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--agency", help="Where the name is in more than one.")
def deactivate(person: str, agency: str | None) -> None:
    """Somebody works here no more: no chat, session or code of theirs works from now on.

    What they own lapses. If they are being watched the watch goes on, and their manager hears of it.
    """

    async def work(tx: Tx) -> Person:
        return await people.deactivate(tx, None, (await the_person(tx, person, agency)).id)

    click.echo(f"{run(work).name} is deactivated.")


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.option("--agency", help="Where the name is in more than one.")
def unlink(person: str, agency: str | None) -> None:
    """A phone was lost or stolen: no chat, session or code of theirs works until they are invited again.

    Watching and duty go on. If they are being watched, their manager hears that nothing reaches them.
    """

    async def work(tx: Tx) -> Person:
        return await people.unlink(tx, None, (await the_person(tx, person, agency)).id)

    click.echo(f"Nothing speaks for {run(work).name} any more. `doorstep invite` links them again.")
