"""Every button of every page, pressed by whoever has no business there: nothing of it is changed, and nothing said."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, web
from sqlalchemy import Table, select

from bots.dialogue.known import the_wording
from config.settings import Settings
from safety_service.app import build_web_app
from safety_service.services import Health, Services
from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.tables import metadata
from safety_service.store.tables.visits import family
from tests.guidance import planting as plant
from tests.guidance.looking import ids
from tests.guidance.marks import Town
from tests.guidance.routes import BRACES, IDS, WORDS
from tests.guidance.test_who_sees_what import happened
from tests.http import browsing, serving, signed_in

#: One's own: signing out, one's sessions and channels, one's words. They hold nothing of anybody else's.
OWN = re.compile(
    r"^/(in|out|devices|channels|phrases|card|account|chat|today|take|a|log/filters|standing|replies|api)\b"
)
VERBS = (
    "take",
    "take-over",
    "wake",
    "trying",
    "rung-999",
    "resolve",
    "agree",
    "news",
    "pass-on",
    "end",
    "verify",
    "told",
)
#: What forms ask for, as far as one answer will do for all of them.
FIELDS = {
    "found": "safe",
    "known_by": "heard_voice",
    "note": "nothing to be seen here",
    "reason": "because I can",
    "why": "because I can",
    "says": "A measure of a stranger's",
    "text": "a stranger's words",
    "comment": "a stranger's words",
    "name": "A stranger",
    "verdict": "accept",
    "kind": "accept",
    "until_on": "2027-01-01",
    "review_on": "2027-01-01",
    "format": "csv",
    "what": "debriefs",
}
#: What a look leaves behind, and what belongs to whoever looks.
LEFT = {"event_log", "event_seal", "session", "code", "stamp", "lease", "answered"}


@asynccontextmanager
async def opened(town: Town) -> AsyncIterator[tuple[web.Application, str, AsyncExitStack]]:
    async def healthy() -> Health:
        return Health()

    settings = Settings(_env_file=None)
    app = build_web_app(Services(town.database, town.database.hot, settings, the_wording(), healthy))
    async with AsyncExitStack() as stack:
        yield app, await stack.enter_async_context(serving(app)), stack


def presses(app: web.Application, refs: tuple[str, ...], there: Mapping[str, list[UUID]], town: Town) -> Iterator[str]:
    """Each path that takes a POST, with everything of these families that can stand in it."""
    for resource in app.router.resources():
        if any(route.method == "POST" for route in resource) and not OWN.match(resource.canonical):
            places = list(BRACES.finditer(resource.canonical))
            for chosen in product(*(_choices(resource.canonical, each, refs, there, town) for each in places)):
                path = resource.canonical
                for place, choice in zip(places, chosen, strict=True):
                    path = path.replace(place.group(0), str(choice), 1)
                yield path


def _choices(
    pattern: str, place: re.Match[str], refs: tuple[str, ...], there: Mapping[str, list[UUID]], town: Town
) -> list[Any]:
    name, before = place[1], pattern[: place.start()].rstrip("/").rpartition("/")[2]
    if name == "ref":
        return list(refs)
    if name == "verb" and before == "{id}":
        return [*VERBS, *WORDS["verb"]]
    if name not in ("id", "team"):
        return list(WORDS.get(name, ("given", "shown")))
    if before == "people" or before == "lost":
        return [town.world.ids[each] for each in ("Ann", "Ben")]
    if before == "rota" or name == "team":
        return [town.world.team_id]
    return there.get(IDS.get(before, ""), [new_id()])[-3:]


async def rows(town: Town, table: Table) -> dict[Any, Any]:
    async with town.database.reading() as tx:
        found = (await tx.conn.execute(select(table))).all()
    keys = [each.name for each in table.primary_key]
    return {tuple(getattr(row, key) for key in keys): tuple(row) for row in found}


async def everything(town: Town) -> dict[str, dict[Any, Any]]:
    return {each.name: await rows(town, each) for each in metadata.sorted_tables if each.name not in LEFT}


def changed(before: dict[str, dict[Any, Any]], after: dict[str, dict[Any, Any]]) -> list[str]:
    """Rows that were there and are not as they were."""
    return [
        f"{table}: {key}"
        for table, found in before.items()
        for key, row in found.items()
        if after[table].get(key) != row
    ]


def added(town: Town, before: dict[str, dict[Any, Any]], after: dict[str, dict[Any, Any]]) -> list[str]:
    """Rows of this agency that were not there."""
    fresh = []
    for table in metadata.sorted_tables:
        if table.name in LEFT or "agency_id" not in table.c:
            continue
        place = list(table.c.keys()).index("agency_id")
        ours = [key for key, row in after[table.name].items() if row[place] == town.world.agency_id]
        fresh += [f"{table.name}: {key}" for key in ours if key not in before[table.name]]
    return fresh


async def pressed(
    town: Town, app: web.Application, browser: ClientSession, refs: tuple[str, ...], there: Mapping[str, list[UUID]]
) -> AsyncIterator[tuple[str, int, str]]:
    for path in presses(app, refs, there, town):
        async with browser.post(path, data=FIELDS, allow_redirects=False) as answer:
            yield path, answer.status, f"{answer.headers} {await answer.text()}"


async def of_family(town: Town, ref: str) -> dict[str, list[UUID]]:
    """The ids of what there is about this family, by its table."""
    there = await ids(town)
    async with town.database.reading() as tx:
        (family_id,) = (
            await tx.conn.execute(
                select(family.c.id).where(family.c.agency_id == town.world.agency_id, family.c.ref == ref)
            )
        ).scalars()
        kept = {}
        for table in metadata.sorted_tables:
            if "family_id" in table.c and "id" in table.c:
                query = select(table.c.id).where(table.c.family_id == family_id)
                kept[table.name] = list((await tx.conn.execute(query)).scalars())
    return {**there, **kept}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nobody_of_another_agency_changes_anything_by_any_button(database: Database) -> None:
    town = await happened(database)
    there, before = await ids(town), await everything(town)
    done, leaks = [], []
    async with opened(town) as (app, base, stack):
        browser = await stack.enter_async_context(browsing(base))
        await signed_in(town.world, browser, "Otto")
        before = await everything(town)
        async for path, status, text in pressed(town, app, browser, ("F-1", "F-2"), there):
            assert status < 500, path
            leaks += [f"{path}: {each}" for each in town.leaks("Otto", text)]
            if status in (200, 303) and str(town.world.agency_id) in text:
                done.append(path)
    after = await everything(town)
    assert not changed(before, after), "\n".join(changed(before, after))
    assert not added(town, before, after)
    assert not leaks, "\n".join(leaks)
    assert not done


@pytest.mark.parametrize("who", ["Dev", "Mia"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_who_is_kept_off_a_family_changes_nothing_of_it_by_any_button(database: Database, who: str) -> None:
    town = await happened(database)
    await plant.kept_off(town, who, "F-1")
    there = await of_family(town, "F-1")
    leaks: list[str] = []
    async with opened(town) as (app, base, stack):
        browser = await stack.enter_async_context(browsing(base))
        await signed_in(town.world, browser, who)
        before = await everything(town)
        async for path, status, text in pressed(town, app, browser, ("F-1",), there):
            assert status < 500, path
            leaks += [f"{path}: {each}" for each in town.leaks(who, text)]
    after = await everything(town)
    # Who is on duty in the team is no matter of the family's.
    about = {str(each) for what, found in there.items() if what != "rota" for each in found}
    touched = [each for each in changed(before, after) if any(one in each for one in about)]
    assert not touched, "\n".join(touched)
    assert not leaks, "\n".join(leaks)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_whose_business_it_is_changes_a_lot_by_the_same_buttons(database: Database) -> None:
    """Or else the two above would see nothing."""
    town = await happened(database)
    there = await ids(town)
    async with opened(town) as (app, base, stack):
        browser = await stack.enter_async_context(browsing(base))
        await signed_in(town.world, browser, "Mia")
        before = await everything(town)
        async for _ in pressed(town, app, browser, ("F-1", "F-2"), there):
            pass
    after = await everything(town)
    touched = {each.partition(":")[0] for each in (*changed(before, after), *added(town, before, after))}
    assert {"debrief", "hold", "item", "measure"} <= touched, touched
