"""Every page, every answer of the API, read by everybody: nobody is shown what is not theirs."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, web

from bots.dialogue.known import the_wording
from config.settings import Settings
from safety_service.app import build_web_app
from safety_service.services import Health, Services
from safety_service.store.database import Database
from tests.guidance import looking
from tests.guidance.marks import CAST, Town
from tests.guidance.routes import walks
from tests.guidance.test_who_sees_what import happened
from tests.http import V1, browsing, paired, serving, signed_in

#: What is read out, printed or sent to a family.
FOR_FAMILIES = re.compile(r"/visits/[^/]+/summary$")


@dataclass
class Open:
    """The service's HTTP over a town, and how somebody comes in."""

    town: Town
    app: web.Application
    base: str
    stack: AsyncExitStack

    async def browser(self, who: str) -> tuple[ClientSession, dict[str, str]]:
        """A browser of theirs, signed in; and what a paired program of theirs sends along."""
        session = await self.stack.enter_async_context(browsing(self.base))
        await signed_in(self.town.world, session, who)
        program = await paired(self.town.world, session, who)
        return session, {"Authorization": f"Bearer {program.token}"}


@asynccontextmanager
async def opened(town: Town) -> AsyncIterator[Open]:
    async def healthy() -> Health:
        return Health()

    settings = Settings(_env_file=None)
    services = Services(town.database, town.database.hot, settings, the_wording(), healthy)
    async with AsyncExitStack() as stack:
        app = build_web_app(services)
        yield Open(town, app, await stack.enter_async_context(serving(app)), stack)


def summed_up(town: Town) -> set[str]:
    """What was written for the family, and nothing else."""
    return {word for word, mark in town.marks.items() if mark.where.startswith("summary")}


async def walked(house: Open, who: str) -> AsyncIterator[tuple[str, int, str]]:
    """What everything answers to this person: path, status, text with its headers."""
    session, bearer = await house.browser(who)
    for path in walks(house.app, house.town, await looking.ids(house.town)):
        headers = bearer if path.startswith(V1) else {}
        async with session.get(path, headers=headers, allow_redirects=False) as answer:
            yield path, answer.status, f"{answer.headers} {await answer.text()}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_every_page_and_answer_shows_each_person_what_is_theirs(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    town = await happened(database)
    seen: dict[str, set[str]] = {}
    leaks: list[str] = []
    with caplog.at_level(logging.INFO):
        async with opened(town) as house:
            for who in (each for each in CAST if each not in ("Dev", "Rex", "Ross")):
                async for path, status, text in walked(house, who):
                    assert status < 500, f"{path} for {who}"
                    seen[who] = seen.get(who, set()) | town.found(text)
                    leaks += [f"{who} at {path}: {each}" for each in town.leaks(who, text)]
                    if FOR_FAMILIES.search(path):
                        leaks += [f"{path} says {each}" for each in town.found(text) - summed_up(town)]
                    if path.startswith("/a/"):
                        leaks += [f"another agency reads {town.marks[each]}" for each in town.found(text)]
    assert leaks == []
    assert not town.found(caplog.text)
    assert town.links and summed_up(town) <= seen["Ann"]
    for who in ("Ann", "Sue"):
        assert {"private", "supervision"} <= {town.marks[each].kind for each in seen[who]}
    for who in ("Mia", "Rita"):
        assert {"debrief", "desk", "family"} <= {town.marks[each].kind for each in seen[who]}
