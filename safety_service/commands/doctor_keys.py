"""What the doctor says of the keys: which one is missing, which one may go, and who seals with another."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from safety_service.actions.key_rotation import ROTATED
from safety_service.commands.doctor_around import Note
from safety_service.commands.keys import named
from safety_service.store import key_notes, presence, resealing, sealing, stamps
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.presence import Process

_CLOSED = "keys: they do not open this database, or one of them is missing"


async def look_at_keys(database: Database) -> AsyncIterator[str]:
    """One line for each fault, or note."""
    async with database.reading() as tx:
        last = await stamps.last(tx, ROTATED)
        noted, decided = await key_notes.noted(tx), await key_notes.decided(tx)
        for each in _others(await presence.seen(tx)):
            yield each
        if await resealing.guard_is_open(tx):
            yield (
                f"evidence: the mark `{resealing.MARK}` stands in the table `lease`, so what was said and decided could"
                " be changed: somebody put it there by hand; take it away"
            )
    ring = sealing.ring()
    for name in ring.names[1:]:
        if name in decided.replaced or name == decided.first:
            yield _older(ring.places[name], name, {} if last is None else last.info, noted)
        else:
            yield Note(
                f"keys: key {ring.places[name]} ({name}) is a new one, and not the first here: once every machine has"
                " it, move it to the first line on each, start again, and run `doorstep keys rotate`"
            )


def _older(place: int, name: str, last: Mapping[str, Any], noted: set[str]) -> Note:
    if last.get("first") == sealing.ring().names[0] and name in last["free"] and name not in noted:
        return Note(
            f"keys: key {place} ({name}) seals nothing here any more: take it out on every machine and start again;"
            " keep it with the copies that were made before"
        )
    counts = last.get("needed", {}).get(name)
    what = f" ({named(counts)})" if counts else ""
    return Note(f"keys: key {place} ({name}) is still needed{what}: `doorstep keys rotate` seals anew what it sealed")


def _others(seen: Sequence[Process]) -> list[str]:
    """A process that was begun before the new key was there."""
    first = sealing.ring().names[0]
    return [
        f"keys: the {each.role} on {each.host} seals with another key than the one that is first here, and"
        f" {'has that one too' if first in each.keys else 'cannot open what that one seals'}: start it again with the"
        " same keys in the same order"
        for each in seen
        if each.keys and each.keys[0] != first
    ]


async def missing(url: str) -> list[str]:
    """Keys that sealed something here and are not there."""
    try:
        names = await key_notes.missing(url, ROTATED)
    except (DatabaseAway, TryAgain):
        names = {}
    if not names:
        return [f"{_CLOSED}: put back those that sealed it"]
    return [_missing(name, counts) for name, counts in sorted(names.items())]


def _missing(name: str, counts: Mapping[str, int]) -> str:
    what = f" ({named(counts)}, when that was last counted)" if counts else ""
    return (
        f"{_CLOSED}: {name} sealed some of it{what}: put it back, behind the others; then `doorstep keys rotate` makes"
        " it needless"
    )
