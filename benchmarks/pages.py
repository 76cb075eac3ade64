"""How fast pages are for a manager of all teams, with years of debriefs and 500 people inside, beside their queries."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from benchmarks.bare import Bare, open_bare
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.learning import AROUND, FLOOR, said_bare
from benchmarks.learning_seed import Seeded, seed
from benchmarks.processes import NotMeasured
from benchmarks.recording import Recording, Statement, recording
from benchmarks.scale import Scale
from benchmarks.seed import alarm_at, seed_inside
from benchmarks.table import Row, percentile
from benchmarks.watched import Watched
from bots.dialogue.known import the_wording
from config.settings import Settings
from safety_service import web as pages
from safety_service.actions import signing_in
from safety_service.actions.sweeping import sweep_watches
from safety_service.domain.words import Role
from safety_service.processes.memory import hold_still
from safety_service.services import DATABASE, HOT, SETTINGS, WORDING, Health, Services
from safety_service.store import people, saved_filters
from safety_service.store.database import Database
from safety_service.store.saved_filters import NOW
from safety_service.store.tables.alerts import alert
from scheduler.summing import Summing

PAGES = "pages"
ALERTS = 5

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Given:
    """One answer: how long the server took, and the statements that it made. Seconds."""

    took: float
    statements: list[Statement]


async def measure(ground: Ground, kind: Kind, scale: Scale) -> list[Row]:
    """Each page in turn, ours on one copy of the years, its statements bare on another."""
    url = await ground.fresh(kind)
    database = await Database.open(url)
    seeded = await seed(database, scale.families, scale.debriefs)
    await _today(database, seeded, scale)
    places = await _places(database, seeded)
    await database.close()
    bare = await open_bare(await ground.copy(url))  # while nobody is connected
    database = await Database.open(url)
    about = f"{scale.families * scale.debriefs:,} debriefs, {scale.inside} inside"
    rows: list[Row] = []
    hold_still()
    try:
        with recording() as recorded:
            given: list[Given] = []
            async with _client(database, recorded, given, seeded) as client:
                for path, shape in places.items():
                    row = Row(f"page with {about}: {shape}", NAMES[kind], 0, "ms", 0, FLOOR)
                    rows += await _ask(client, bare, path, given, row, scale)
    finally:
        await database.close()
        await bare.close()
    return rows


async def _today(database: Database, seeded: Seeded, scale: Scale) -> None:
    """People inside, some of whom have not been heard of; the reader administers and reviews; figures are summed."""
    async with database.transaction() as tx:
        for team_id in seeded.team_ids:
            roles = frozenset({Role.MANAGER, Role.ADMINISTRATOR, Role.REVIEWER})
            await people.set_roles(tx, seeded.reader_id, team_id, roles)
        now = tx.now
    inside: list[Watched] = await seed_inside(database, seeded.agency_id, seeded.team_ids, scale.inside)
    await alarm_at(database, [(each, now - timedelta(seconds=1)) for each in inside[:ALERTS]])
    async with database.transaction() as tx:
        if await sweep_watches(tx, ALERTS) != ALERTS:
            raise NotMeasured("there are no alerts to be looked at")
    figures = Summing(database, "benchmark")
    while not await figures.step():
        pass


async def _places(database: Database, seeded: Seeded) -> dict[str, str]:
    """Where each page is, and what it is called in the table."""
    async with database.reading() as tx:
        alert_id = (await tx.conn.execute(select(alert.c.id).limit(1))).scalar_one()
    ref, team = seeded.refs[3], seeded.team_ids[0]
    of_family = ("", "/briefing", "/plan", "/met", "/facts", "/around", "/kept")
    chosen = [
        "/board",
        "/alerts",
        f"/alerts/{alert_id}",
        "/visits",
        "/visits/waiting",
        "/visits/new",
        "/families",
        *(f"/families/{ref}{each}" for each in of_family),
        "/proposals",
        "/log",
        "/log?behaviour=open_threat",
        "/figures",
        "/evidence",
        "/supervision",
        "/rota",
        f"/rota/{team}",
        "/duty",
        "/people",
        "/policy",
        "/today",
        "/items",
    ]
    return {each: _shape(each) for each in chosen} | await _searches(database, seeded)


async def _searches(database: Database, seeded: Seeded) -> dict[str, str]:
    """A rare word and a common one, as the reader typed them."""
    made: dict[str, str] = {}
    async with database.transaction() as tx:
        for says, word in (("a rare word", seeded.rare[0]), ("a common word", seeded.common[0])):
            look = await saved_filters.add(tx, seeded.reader_id, f"log{NOW}", "", {"q": word})
            made[f"/log?look={look}"] = f"/log?q={says}"
    return made


def _shape(path: str) -> str:
    return "/".join("…" if len(each) > 30 else each for each in path.split("/"))


async def _ask(
    client: ClientSession,
    bare: Bare,
    path: str,
    given: list[Given],
    row: Row,
    scale: Scale,
) -> list[Row]:
    floor: list[float] = []
    given.clear()
    for _ in range(scale.looked + scale.looked // 10):
        async with client.get(path, allow_redirects=False) as answer:
            if answer.status != web.HTTPOk.status_code:
                raise NotMeasured(f"{path} was answered {answer.status}")
        # At once: what else the machine does falls on both.
        floor.append(await said_bare(bare, given[-1].statements))
        # Kept, they would be looked through by each collection of the next pages.
        given[-1].statements.clear()
    skip = scale.looked // 10  # the first ones fill caches
    took = [each.took for each in given[skip:]]
    return [
        replace(
            row,
            what=f"{row.what}, {says}",
            ours=percentile(took, share) * 1000,
            floor=percentile(floor[skip:], share) * 1000,
        )
        for share, says in ((0.5, "p50"), (0.99, "p99"))
    ]


@asynccontextmanager
async def _client(
    database: Database, recorded: Recording, given: list[Given], seeded: Seeded
) -> AsyncIterator[ClientSession]:
    @web.middleware
    async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
        recorded.take()
        began = time.perf_counter()
        answer = await handler(request)
        took = time.perf_counter() - began
        given.append(Given(took, [each for each in recorded.take() if not each.name.startswith(AROUND)]))
        return answer

    app = web.Application(middlewares=[measured])
    services = Services(database, database.hot, Settings(_env_file=None), the_wording(), _well)
    app[DATABASE], app[HOT], app[SETTINGS], app[WORDING] = database, database.hot, services.settings, services.wording
    pages.setup(app, services)
    async with database.transaction() as tx:
        code = (await signing_in.sign_in_link(tx, None, seeded.reader_id)).code
    # No TestClient: it keeps every answer, and each collection would look through all of them.
    async with (
        TestServer(app, host="127.0.0.1") as server,
        ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as client,
    ):
        async with client.post(f"/in/{code}", allow_redirects=False) as answer:
            if answer.status != web.HTTPSeeOther.status_code:
                raise NotMeasured(f"the reader could not sign in: {answer.status}")
        yield client


async def _well() -> Health:
    return Health()
