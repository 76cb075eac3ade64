"""The service's ways in, served by a real HTTP server over a test's world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from bots.dialogue.known import the_wording
from config.settings import Settings
from safety_service.actions import linking, signing_in
from safety_service.services import DATABASE, HOT, SETTINGS, WORDING, Health, HealthCheck, Services
from tests.world import World

V1 = "/api/v1"


def application(world: World, *rooms: Any, health: HealthCheck | None = None, **settings: Any) -> web.Application:
    """An application with these rooms set up, as the composition root does it; `health`: what looks after the watch."""

    async def healthy() -> Health:
        return Health()

    database = world.database
    services = Services(database, database.hot, Settings(_env_file=None, **settings), the_wording(), health or healthy)
    app = web.Application()
    app[DATABASE] = services.database
    app[HOT] = services.hot
    app[SETTINGS] = services.settings
    app[WORDING] = services.wording
    for room in rooms:
        room.setup(app, services)
    return app


@asynccontextmanager
async def serving(app: web.Application, port: int | None = None) -> AsyncIterator[str]:
    """The application on a port of its own; gives the address."""
    server = TestServer(app, port=port)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


class Program:
    """A paired program that speaks for one person."""

    def __init__(self, session: ClientSession, token: str = "") -> None:
        self._session = session
        self.token = token

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        """GET below /api/v1."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: Any = None, *, key: str | None = None, raw: bytes | None = None) -> Any:
        """POST below /api/v1; `key` is its Idempotency-Key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        if raw is not None:
            return await self._ask("POST", path, data=raw, headers={**headers, "Content-Type": "application/json"})
        return await self._ask("POST", path, json={} if body is None else body, headers=headers)

    async def delete(self, path: str) -> tuple[int, Any]:
        """DELETE below /api/v1."""
        return await self._ask("DELETE", path)

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        headers = {**more.pop("headers", {}), "Authorization": f"Bearer {self.token}"}
        async with self._session.request(method, V1 + path, headers=headers, **more) as answer:
            return answer.status, await answer.json(content_type=None)


async def paired(world: World, session: ClientSession, who: str) -> Program:
    """Pair a program for this person, as they would."""
    async with world.database.transaction() as tx:
        invitation = await linking.invite(tx, None, world.ids[who])
    program = Program(session)
    status, answer = await program.post("/pair", {"code": invitation.code, "label": "test"})
    assert status == 201, answer
    program.token = answer["token"]
    return program


async def sign_in_code(world: World, who: str) -> str:
    """A fresh one-time code for the web."""
    async with world.database.transaction() as tx:
        return (await signing_in.sign_in_link(tx, None, world.ids[who])).code


@asynccontextmanager
async def browsing(base: str) -> AsyncIterator[ClientSession]:
    """A browser of sorts: it keeps cookies, also those of a plain IP address."""
    async with ClientSession(base, cookie_jar=CookieJar(unsafe=True)) as session:
        yield session


async def get(browser: ClientSession, path: str) -> tuple[int, str, str]:
    """Status, text, and where it ended."""
    async with browser.get(path) as answer:
        return answer.status, await answer.text(), answer.url.path_qs


async def post(browser: ClientSession, path: str, data: Any) -> tuple[int, str, str]:
    """The same."""
    async with browser.post(path, data=data) as answer:
        return answer.status, await answer.text(), answer.url.path_qs


async def signed_in(world: World, session: ClientSession, who: str) -> None:
    """Sign this browser in."""
    async with session.post(f"/in/{await sign_in_code(world, who)}", allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
