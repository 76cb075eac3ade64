"""What the doctor looks for around an open database: processes, room, copies, and whether the keys open it."""

import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

from config.settings import Settings
from safety_service.actions import canary
from safety_service.actions.auditing import WORSE
from safety_service.actions.figures import COPIED
from safety_service.store import agencies, newest, presence, schema, stamps
from safety_service.store.database import Database, Tx
from safety_service.store.presence import Process

#: A sweep that stamped so lately runs.
RUNS = timedelta(minutes=1)
#: A copy that is older than this is too old.
OLD = timedelta(days=2)
#: Less room than this is too little: a database that is full keeps nothing, and nobody is watched.
LEAST_BYTES, LEAST_SHARE = 500_000_000, 0.05


class Note(str):
    """To be known, and no fault: the service keeps what it promises."""

    __slots__ = ()


async def look_around(database: Database, read: Settings) -> AsyncIterator[str]:
    """One line for each fault, or note."""
    async with database.reading() as tx:
        for each in _processes(await presence.seen(tx), read):
            yield each
        for table in await newest.unopened(tx):
            yield (
                f"keys: none opens the newest row of {table}, so what it says is lost to whoever needs it: put the key"
                " that sealed it back"
            )
        async for each in _copies(tx):
            yield each
        async for each in _canaries(tx):
            yield each
    for each in _room(read):
        yield each


def _processes(seen: Sequence[Process], read: Settings) -> list[str]:
    """Where nothing runs nothing is wrong with that; the embedded database has one process for everything."""
    schedulers = [each for each in seen if each.role == "scheduler"]
    hosts = {each.host for each in seen}
    said: list[str] = []
    if seen and not schedulers:
        said.append("processes: no scheduler runs, so nobody is watched: start `doorstep serve --roles scheduler`")
    if len(schedulers) == 1 and not read.database_url.startswith("sqlite"):
        said.append(
            Note("processes: one scheduler alone: while it is started again nobody keeps the watch: start a second one")
        )
    said += [_other_version(each) for each in seen if each.step != schema.head()]
    if len(hosts) > 1 and not read.redis_url:
        said.append(
            Note(f"redis: {len(hosts)} machines without it hear of one another late: set DOORSTEP_REDIS_URL on all")
        )
    return said


def _other_version(process: Process) -> str:
    return (
        f"processes: the {process.role} on {process.host} is of another version (step {process.step}, here"
        f" {schema.head()}): the older does not sweep a newer database: upgrade it"
    )


async def _copies(tx: Tx) -> AsyncIterator[Note]:
    """Only where there is somebody to lose."""
    if all(each.demonstration for each in await agencies.every(tx)):
        return
    last = await stamps.last(tx, COPIED)
    why = "if you copy it in another way, see that it can be put back; else run `doorstep backup` every day"
    if last is None:
        yield Note(f"copies: `doorstep backup` has made none: {why}")
    elif tx.now - last.at > OLD:
        yield Note(f"copies: the last one is {(tx.now - last.at).days} days old: {why}")


async def _canaries(tx: Tx) -> AsyncIterator[str]:
    """Where none is wanted none is missed; when nothing runs none comes."""
    found, swept = await canary.look(tx), await stamps.last(tx, "sweep")
    if found is None or swept is None or tx.now - swept.at > RUNS:
        return
    last = "none has come yet"
    if found.came_at is not None:
        last = f"the last one came at {found.came_at:%Y-%m-%d %H:%M} UTC, {found.late or 0.0:.1f} s after it was due"
    if not found.missed:
        yield Note(f"canary: {last}")
        return
    said = f"canary: {found.missed} fell silent and no alarm arrived ({last}), so a real one may not either"
    said += ": look at the scheduler's log"
    yield said if found.missed >= WORSE else Note(said)


def _room(read: Settings) -> list[str]:
    """On the embedded database's own disk; that of a database elsewhere only its machine knows."""
    if not read.database_url.startswith("sqlite:///"):
        return []
    folder = Path(read.database_url.removeprefix("sqlite:///")).absolute().parent
    disk = shutil.disk_usage(folder)
    if disk.free >= min(LEAST_BYTES, disk.total * LEAST_SHARE):
        return []
    left = f"{disk.free // 1_000_000} MB are left in {folder}"
    return [f"disk: {left}: when it is full nothing is kept and nobody is watched: make room"]
