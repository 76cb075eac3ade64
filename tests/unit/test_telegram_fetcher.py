"""Fetching what Telegram has: also over a slow line, each file by one fetcher, and none behind another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bots.telegram import fetcher as fetcher_module
from bots.telegram.api import Api
from bots.telegram.fetcher import Fetcher
from safety_service.actions import kept_files
from safety_service.actions.kept_files import LARGEST, Spoken
from safety_service.store.tables.visits import kept_file
from tests.patience import until
from tests.world import World

SAID = b"OggS he is shouting upstairs"


def said(source: str) -> Spoken:
    return Spoken(kind="voice", provider_id=f"telegram:{source}", media_type="audio/ogg", size=len(SAID), source=source)


async def number_kept(world: World, number: int) -> bool:
    async with world.database.reading() as tx:
        kept = select(kept_file.c.id).where(kept_file.c.body.is_not(None))
        return len((await tx.conn.execute(kept)).all()) == number


async def is_held(world: World, since: datetime) -> bool:
    async with world.database.reading() as tx:
        awaited = select(kept_file.c.id).where(kept_file.c.next_at >= since + kept_files.CLAIM)
        return len((await tx.conn.execute(awaited)).all()) == 1


class Line:
    """The Bot API, of which one file comes slowly."""

    def __init__(self) -> None:
        self.rest = self
        self.came = asyncio.Event()
        self.asked: list[str] = []

    async def get_file(self, source: str) -> SimpleNamespace:
        self.asked.append(source)
        if source == "slow":
            await self.came.wait()

        async def body() -> bytes:
            return SAID

        return SimpleNamespace(file_size=len(SAID), file_path="", download_as_bytearray=body)


async def test_a_file_that_comes_slowly_stays_its_fetchers_and_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow line would carry it twice at the same time; and the next voice note is a small one."""
    monkeypatch.setattr(fetcher_module, "HOLD_EVERY", 0.05)
    monkeypatch.setattr(fetcher_module, "LOOK_EVERY", 0.05)
    row = await world.inside()
    line = Line()
    await world.do("Ann", kept_files.note, said("slow"), visit_id=row.id)
    fetching = asyncio.create_task(Fetcher(world.database, cast("Api", line)).run())
    try:
        await until(lambda: line.asked == ["slow"])
        for number in range(6):
            await world.do("Ann", kept_files.note, said(f"quick{number}"), visit_id=row.id)
        await until(lambda: number_kept(world, 6))
        for _ in range(2):
            world.clock.move(kept_files.CLAIM * 0.9)
            await until(partial(is_held, world, world.now))
        async with world.database.transaction() as tx:
            assert await kept_files.to_fetch(tx, 4) == []
        line.came.set()
        await until(lambda: number_kept(world, 7))
        assert line.asked.count("slow") == 1
    finally:
        fetching.cancel()
        await asyncio.wait([fetching])


class OwnServer:
    """A Bot API server of one's own, with one file of gigabytes. `says`: what it says of the file."""

    def __init__(self, says: dict[str, Any]) -> None:
        self.given = 0
        self._says = says

    @asynccontextmanager
    async def listens(self) -> AsyncIterator[Api]:
        app = web.Application()
        app.router.add_post("/bot1:x/getFile", self._found)
        app.router.add_get("/file/bot1:x/long", self._gives)
        async with TestServer(app) as server:
            api = Api("1:x", str(server.make_url("/bot")))
            try:
                yield api
            finally:
                await api.close()

    async def _found(self, _asked: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": {"file_id": "f", "file_unique_id": "u", **self._says}})

    async def _gives(self, asked: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(asked)
        while self.given < 20 * LARGEST:
            await answer.write(bytes(2**20))
            self.given += 2**20
        return answer


async def gone(world: World) -> list[str | None]:
    async with world.database.reading() as tx:
        return list((await tx.conn.execute(select(kept_file.c.gone))).scalars())


@pytest.mark.parametrize("says", [{}, {"file_size": LARGEST + 1}])
async def test_of_a_file_that_is_too_large_no_more_is_read_than_could_be_kept(
    world: World, says: dict[str, Any]
) -> None:
    """Such a server gives files of two gigabytes; four at once filled the memory before anybody looked."""
    server = OwnServer({"file_path": "long", **says})
    await world.do("Ann", kept_files.note, said("f"))
    async with server.listens() as api:
        await Fetcher(world.database, api).fetch_some()
    # What lies on the line counts as given: some megabytes.
    assert server.given < (4 * LARGEST if not says else 1)
    assert await gone(world) == ["not_had"]
    await world.deliver()
    assert world.told("Ann", "file.lost")


async def test_a_file_that_a_server_beside_us_has_is_not_opened_when_it_is_too_large(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / "long"
    with long.open("wb") as file:
        file.truncate(LARGEST + 1)

    def read(path: Path) -> bytes:
        raise AssertionError(f"all of {path} in one go")

    monkeypatch.setattr(Path, "read_bytes", read)
    await world.do("Ann", kept_files.note, said("f"))
    async with OwnServer({"file_path": str(long)}).listens() as api:
        await Fetcher(world.database, api).fetch_some()
    assert await gone(world) == ["not_had"]
