"""Finding what a command names: a person, a team, an agency. What is not clear is asked back in a sentence."""

from collections.abc import Sequence
from typing import TypeVar

from safety_service.commands.running import Fault
from safety_service.store import agencies, people, teams
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.teams import Team

Named = TypeVar("Named", Agency, Team)


async def the_agency(tx: Tx, name: str | None) -> Agency:
    """The agency with this name; without a name the only one that there is. Raises Fault."""
    return _one(await agencies.every(tx), name, "agency", "There is no agency yet: `doorstep agency add NAME`.")


async def the_team(tx: Tx, name: str | None, agency: str | None) -> Team:
    """The team with this name; without a name the agency's only one. Raises Fault."""
    owner = await the_agency(tx, agency)
    return _one(await teams.every(tx, owner.id), name, "team", f"{owner.name} has no team: `doorstep team add NAME`.")


def _one(known: Sequence[Named], name: str | None, what: str, none_yet: str) -> Named:
    if not known:
        raise Fault(none_yet)
    if name is None and len(known) == 1:
        return known[0]
    for each in known:
        if name is not None and each.name.casefold() == name.strip().casefold():
            return each
    listed = ", ".join(each.name for each in known)
    raise Fault(f"Say which {what} with --{what}: {listed}." if name is None else f"No {what} is {name!r}: {listed}.")


async def the_person(tx: Tx, words: str, agency: str | None = None) -> Person:
    """The active person with this e-mail address, this name, or this part of a name. Raises Fault."""
    within = None if agency is None else (await the_agency(tx, agency)).id
    found = await people.find(tx, within, words)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Fault(f"Nobody active is called {words!r}.")
    owners = {each.id: each.name for each in await agencies.every(tx)}
    lines = [f"  {each.name}, {each.email or 'no e-mail address'}, {owners[each.agency_id]}" for each in found]
    raise Fault("\n".join([f"{words!r} could be any of these; say the e-mail address (and --agency):", *lines]))
