"""What processes use: seconds of the processors and memory, by what each process is for."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil

from benchmarks.ground import Ground

MIB = 1024 * 1024
#: What the service's parent starts each child with.
CHILD = "--child"
_SHARE = re.compile(rb"^Pss: +(\d+) kB", re.MULTILINE)

#: By what a process is for.
Used = dict[str, float]


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used so far, in user and system mode."""
    return sum(_cpu(each) for each in _family(pid))


def cpu_by_role(pid: int) -> Used:
    """The same for each child of the service; what is no child of it is `parent`."""
    return _by_role(pid, _cpu)


def memory_by_role(pid: int) -> Used:
    """MiB that each child of the service holds. What several share counts for each by its part, where that is told."""
    return _by_role(pid, _memory)


def postgres_cpu_seconds(ground: Ground) -> float:
    """What the PostgreSQL server has used so far."""
    return 0.0 if ground.postgres is None else cpu_seconds(_postmaster(ground))


def postgres_memory(ground: Ground) -> float:
    """MiB that the PostgreSQL server holds, its cache too."""
    return 0.0 if ground.postgres is None else sum(_memory(each) for each in _family(_postmaster(ground)))


def difference(before: Used, after: Used) -> Used:
    """What each has used meanwhile."""
    used = Counter(after)
    used.subtract(before)
    return dict(used)


def together(*of_each: Used) -> Used:
    """What several services have used, by what their processes are for."""
    return dict(sum((Counter(each) for each in of_each), Counter[str]()))


def child_of(pid: int, *roles: str) -> psutil.Process | None:
    """The first of the service's children that is there for one of these; `service`: for all of them together."""
    for each in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            if _role(each.cmdline()) in roles:
                return each
    return None


def _postmaster(ground: Ground) -> int:
    assert ground.postgres is not None
    return int((ground.postgres.folder / "data/postmaster.pid").read_text().split()[0])


def _by_role(pid: int, measure: Callable[[psutil.Process], float]) -> Used:
    used: Used = {}
    for each in _family(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            role = _role(each.cmdline())
            used[role] = used.get(role, 0.0) + measure(each)
    return used


def _role(words: Iterable[str]) -> str:
    given = list(words)
    if CHILD not in given:
        return "parent"
    roles = given[given.index(CHILD) + 1]
    return "service" if "," in roles else roles


def _family(pid: int) -> Iterator[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        children = parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    yield parent
    yield from children


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    # What children that have ended used is their parent's to tell: a database server's connections come and go.
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)


def _memory(process: psutil.Process) -> float:
    with contextlib.suppress(OSError):
        if found := _SHARE.search(Path(f"/proc/{process.pid}/smaps_rollup").read_bytes()):
            return int(found[1]) * 1024 / MIB
    try:
        return float(process.memory_info().rss) / MIB
    except psutil.NoSuchProcess:
        return 0.0
