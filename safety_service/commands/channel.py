"""`doorstep channel`: other ways to reach people, and the second person who agrees to them."""

from __future__ import annotations

import click

from safety_service.actions import own_channels, seconding
from safety_service.commands.choosing import the_person
from safety_service.commands.running import Fault, run, settings
from safety_service.commands.table import show
from safety_service.domain.addresses import hidden
from safety_service.domain.reaching import PROVEN
from safety_service.store import channels, people
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.people import Person

_KINDS = click.Choice(sorted(PROVEN))
_AGENCY = click.option("--agency", help="Where the name is in more than one.")


@click.group("channel")
def command() -> None:
    """Other ways to reach people: calls, text messages, e-mail, a team's channel."""


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.argument("kind", type=_KINDS)
@click.argument("address")
@_AGENCY
def add(person: str, kind: str, address: str, agency: str | None) -> None:
    """Give an address of somebody's. A code goes there; they type it on their own page, and it counts from then on."""
    offered = frozenset(settings().providers)

    async def work(tx: Tx) -> tuple[Person, Channel]:
        found = await the_person(tx, person, agency)
        return found, await own_channels.propose(tx, None, found.id, kind, address, offered=offered)

    whose, made = run(work)
    click.echo(f'A code is on its way to {made.address}. {whose.name} types it under "How you are reached".')


@command.command("list")
@click.argument("person", metavar="NAME|EMAIL", required=False)
@_AGENCY
def list_(person: str | None, agency: str | None) -> None:
    """List somebody's channels; without a name, everything that waits for a second person."""

    async def work(tx: Tx) -> list[tuple[Person, Channel]]:
        if person is not None:
            found = await the_person(tx, person, agency)
            return [(found, each) for each in await channels.of_person(tx, found.id)]
        known = {each.id: each for each in await people.every(tx, None) if each.active}
        return [(known[each.person_id], each) for each in await channels.waiting(tx, known)]

    rows = [
        (
            whose.name,
            each.kind,
            hidden(each.kind, each.address) if each.kind in PROVEN else "",
            each.state,
            "" if each.proven_at is None else f"{each.proven_at:%Y-%m-%d}",
        )
        for whose, each in run(work)
    ]
    show(("NAME", "BY", "ADDRESS", "STATE", "TRIED"), rows, empty="There is nothing.")


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@click.argument("kind")
@_AGENCY
def end(person: str, kind: str, agency: str | None) -> None:
    """End every channel of this kind of somebody's: a phone that was lost."""

    async def work(tx: Tx) -> Person:
        found = await the_person(tx, person, agency)
        for each in await _of_kind(tx, found, kind):
            await own_channels.end(tx, None, each.id)
        return found

    click.echo(f"{kind} does not reach {run(work).name} any more.")


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@_AGENCY
def agree(person: str, agency: str | None) -> None:
    """You have spoken to them, and it was them: what waits for a second person is theirs."""

    async def work(tx: Tx) -> list[str]:
        found = await the_person(tx, person, agency)
        return [(await seconding.agree(tx, None, each.id))[0].kind for each in await _waiting(tx, found)]

    click.echo(f"Agreed: {', '.join(run(work))}.")


@command.command()
@click.argument("person", metavar="NAME|EMAIL")
@_AGENCY
def refuse(person: str, agency: str | None) -> None:
    """It was not them, or nobody knows: what waits for a second person ends."""

    async def work(tx: Tx) -> list[str]:
        found = await the_person(tx, person, agency)
        return [(await seconding.refuse(tx, None, each.id))[0].kind for each in await _waiting(tx, found)]

    click.echo(f"Ended: {', '.join(run(work))}.")


async def _waiting(tx: Tx, person: Person) -> list[Channel]:
    found = await channels.waiting(tx, [person.id])
    if not found:
        raise Fault(f"Nothing of {person.name}'s waits for a second person.")
    return found


async def _of_kind(tx: Tx, person: Person, kind: str) -> list[Channel]:
    found = [each for each in await channels.of_person(tx, person.id) if each.kind == kind]
    if not found:
        raise Fault(f"{person.name} has no channel of the kind {kind!r}.")
    return found
