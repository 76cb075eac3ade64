"""A people file from the page: looked at first, brought in then, by the same rules as on the machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import access, people_csv
from safety_service.actions.actor import Actor
from safety_service.actions.people_csv import BadPeopleFile, Entry
from safety_service.actions.people_import import Imported, import_people
from safety_service.domain.words import Role
from safety_service.store import agencies, exclusions, people, teams, training
from safety_service.store.database import Tx
from safety_service.store.people import Person

#: Words wait while a file is brought in: a longer one is brought in on the machine, or in parts.
MOST_ROWS = 200
YOURSELF = "somebody else has to name you the supervisor"


class _Undone(Exception):
    """What was only looked at is undone by this."""

    def __init__(self, done: Imported) -> None:
        super().__init__("looked at")
        self.done = done


@dataclass(frozen=True, slots=True)
class Preview:
    """What the file would do. `rows`: how many there are in it."""

    would: Imported
    rows: int


async def own_agency(tx: Tx, by: Actor) -> str:
    """What the actor's agency is called, as each row has to say it. Raises Refused `administrators_only`."""
    access.may_run_people(by, by.agency_id)
    return (await agencies.get(tx, by.agency_id)).name


async def preview(tx: Tx, by: Actor, text: str) -> Preview:
    """What bringing this file in would do; nothing of it is done.

    Raises BadPeopleFile naming every bad row; Refused `administrators_only`.
    """
    entries = await _read(tx, by, text)
    try:
        async with tx.savepoint():
            await _try(tx, by, entries)
    except _Undone as undone:
        return Preview(undone.done, len(entries))
    raise AssertionError("what is only looked at is undone")


async def _try(tx: Tx, by: Actor, entries: Sequence[Entry]) -> None:
    raise _Undone(await import_people(tx, by, entries))


async def bring_in(tx: Tx, by: Actor, text: str) -> Imported:
    """Bring it in, all of it. Raises BadPeopleFile naming every bad row, and nothing is changed; Refused."""
    return await import_people(tx, by, await _read(tx, by, text))


async def _read(tx: Tx, by: Actor, text: str) -> list[Entry]:
    access.may_run_people(by, by.agency_id)
    entries = people_csv.read(text)
    if len(entries) > MOST_ROWS:
        faults = [f"{len(entries)} rows: {MOST_ROWS} at most at a time. Bring it in in parts, or on the machine itself"]
        raise BadPeopleFile(faults)
    faults = [*await _elsewhere(tx, by, entries), *await _not_theirs(tx, by, entries)]
    if faults:
        raise BadPeopleFile(faults)
    return entries


async def _elsewhere(tx: Tx, by: Actor, entries: Sequence[Entry]) -> list[str]:
    """Whether there is another agency of that name is not said."""
    own = (await agencies.get(tx, by.agency_id)).name
    return [
        each.says(f"agency {each.agency!r} is not yours: here it is {own!r}") for each in entries if each.agency != own
    ]


async def _not_theirs(tx: Tx, by: Actor, entries: Sequence[Entry]) -> list[str]:
    """Rows that give the actor rights or somebody's reflections, and rows about whom they are kept off."""
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    known = await teams.every(tx, by.agency_id)
    mine = await people.get(tx, by.person_id)
    off = {each.email for each in (await people.many(tx, hidden)).values()}
    held = {each.name: mine.roles.get(each.id, frozenset[Role]()) for each in known}
    faults = [each.says("somebody else has to bring this row in") for each in entries if each.email in off]
    faults += [each.says(YOURSELF) for each in entries if await _names(tx, mine, each)]
    had = await training.of(tx, by.person_id)
    for each in entries:
        if each.email != mine.email:
            continue
        if each.roles != held.get(each.team, frozenset()) or await _other(tx, by, each):
            faults.append(each.says("what you may do yourself, and who supervises you, somebody else has to change"))
        if any(had.get(code) != day for code, day in each.training.items()):
            faults.append(each.says("a training of your own somebody else has to write down"))
    return faults


async def _names(tx: Tx, mine: Person, entry: Entry) -> bool:
    """Whether it makes the actor the supervisor of somebody whom they do not supervise."""
    if entry.supervisor_email is None or entry.supervisor_email != mine.email:
        return False
    about = await people.by_email(tx, mine.agency_id, entry.email)
    return about is None or about.supervisor_id != mine.id


async def _other(tx: Tx, by: Actor, entry: Entry) -> bool:
    """Whether it names another supervisor than the actor has."""
    if entry.supervisor_email is None:
        return False
    named = await people.by_email(tx, by.agency_id, entry.supervisor_email)
    own: UUID | None = (await people.get(tx, by.person_id)).supervisor_id
    return named is None or named.id != own
