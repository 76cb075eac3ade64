"""`doorstep keys`: the keys that seal."""

from collections.abc import Mapping

import click

from safety_service.actions import key_rotation
from safety_service.actions.key_rotation import Rotated
from safety_service.commands.progress import Progress
from safety_service.commands.running import Fault, run_on
from safety_service.store import sealing

_NEW = "keep it, move it to the first line on every machine, start each process again, and then run this again."


@click.group("keys")
def command() -> None:
    """The keys that seal names, addresses and texts. The first of them seals, each of them opens."""


@command.command()
def rotate() -> None:
    """Seal everything anew with the first key that an older one sealed. The service may run meanwhile.

    A new key has to be there first, in front of the others, for each process. Killed, it is begun again: what was
    sealed anew stays so. In the end it says which keys are not needed any more; exit 1 if something was not sealed
    anew.
    """
    done = run_on(lambda database: key_rotation.rotate(database, Progress()))
    ring, tables = sealing.ring(), len(done.resealed)
    click.echo(f"Sealed anew with the first key ({ring.names[0]}): {done.resealed.total()} values in {tables} tables.")
    faults = [line for name in ring.names[1:] for line in _say(done, ring.places[name], name)]
    if unopened := done.needed(""):
        faults.append(f"No key here opens some of it ({named(unopened)}): put back the key that sealed it.")
    if faults:
        raise Fault("\n".join(faults))
    click.echo("All that is sealed here opens with the first key alone.")


def _say(done: Rotated, place: int, name: str) -> list[str]:
    """What is at fault with an older key; if nothing is, that is said here."""
    if needed := done.needed(name):
        return [f"Key {place} ({name}) is still needed ({named(needed)}): run this again."]
    if name not in done.free:
        return [f"Key {place} ({name}) is new, and seals nothing yet: {_NEW}"]
    click.echo(
        f"Key {place} ({name}) seals nothing here any more: take it out on every machine, and start each process"
    )
    click.echo("again. Keep it with the copies that were made until now: they cannot be put back without it.")
    return []


def named(counts: Mapping[str, int]) -> str:
    """So many of each table."""
    return ", ".join(f"{table}: {count}" for table, count in sorted(counts.items()))
