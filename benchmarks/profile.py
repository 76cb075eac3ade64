"""One check-in taken apart: which statements it makes, how long each takes, and what is left for Python."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from benchmarks.processes import NotMeasured
from benchmarks.recording import Recording, Statement, recording
from benchmarks.watched import Watched
from config.settings import Settings
from config.wording import read_wording
from safety_service import api
from safety_service.services import DATABASE, HOT, SETTINGS, WORDING, Health, Services
from safety_service.store.database import Database
from safety_service.store.ids import new_id

#: Without these there is no check-in.
NEEDED = ("UPDATE watch", "INSERT INTO said", "COMMIT")


@dataclass(slots=True)
class Checked:
    """One check-in. Seconds: within the handlers by the wall, and used by the process."""

    about: Watched
    statements: list[Statement]
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def in_statements(self) -> float:
        """Of `seconds`, those in which a statement was with the driver."""
        return sum(each.seconds for each in self.statements)


@dataclass(slots=True)
class Profile:
    """Many check-ins, one after the other; the statements are those of the commonest shape."""

    checked: list[Checked] = field(default_factory=list)
    #: An id that is older than all that these check-ins made.
    began: UUID = field(default_factory=new_id)

    @property
    def usual(self) -> list[Checked]:
        """Those that made the commonest statements (once a second the policy is asked for, too)."""
        shapes = [tuple(each.name for each in one.statements) for one in self.checked]
        commonest = max(set(shapes), key=shapes.count)
        return [one for one, shape in zip(self.checked, shapes, strict=True) if shape == commonest]

    @property
    def lines(self) -> list[tuple[str, float]]:
        """Each statement in its order, with its median seconds."""
        columns = zip(*(one.statements for one in self.usual), strict=True)
        return [(column[0].name, median(each.seconds for each in column)) for column in columns]

    @property
    def seconds(self) -> float:
        """Median seconds of a check-in within the handlers."""
        return median(each.seconds for each in self.usual)

    @property
    def in_statements(self) -> float:
        """Median seconds of all of a check-in's statements together."""
        return median(each.in_statements for each in self.usual)

    @property
    def between(self) -> float:
        """Median seconds of a check-in in which no statement was with the driver: Python's."""
        return median(each.seconds - each.in_statements for each in self.usual)

    @property
    def cpu_seconds(self) -> float:
        """Median seconds of this process's work on a check-in, drivers and all."""
        return median(each.cpu_seconds for each in self.usual)


async def profile(database: Database, watched: Sequence[Watched]) -> Profile:
    """Check in once for each of these, through the whole API within this process."""
    found = Profile()
    with recording() as recorded:
        async with _client(database, watched, recorded, found) as client:
            for each in watched:
                answer = await client.post(
                    f"{api.PREFIX}/visits/{each.visit_id}/check-ins",
                    json={},
                    headers={"Authorization": f"Bearer {each.token}"},
                )
                if answer.status != 200:
                    raise NotMeasured(f"a check-in was answered {answer.status}: {json.dumps(await answer.json())}")
    del found.checked[: len(watched) // 10]  # the first ones fill caches
    _must_be_whole(found)
    return found


def _must_be_whole(found: Profile) -> None:
    """A floor of statements that were not seen would be no floor. Raises NotMeasured."""
    seen = "\n".join(each.sql for each in found.usual[-1].statements)
    if missing := [each for each in NEEDED if each not in seen]:
        raise NotMeasured(f"a check-in was recorded without {', '.join(missing)}: its statements go past the recording")


@asynccontextmanager
async def _client(
    database: Database, watched: Sequence[Watched], recorded: Recording, found: Profile
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    known = {str(each.visit_id): each for each in watched}

    @web.middleware
    async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
        recorded.take()
        began, used = time.perf_counter(), time.process_time()
        answer = await handler(request)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
        about = known[request.match_info["id"]]
        found.checked.append(Checked(about, recorded.take(), seconds, cpu_seconds))
        return answer

    app = web.Application(middlewares=[measured])
    services = Services(database, database.hot, Settings(_env_file=None), read_wording(), _well)
    app[DATABASE], app[HOT], app[SETTINGS], app[WORDING] = database, database.hot, services.settings, services.wording
    api.setup(app, services)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        yield client


async def _well() -> Health:
    return Health()
