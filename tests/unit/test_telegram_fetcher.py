"""Fetching what Telegram has: also over a slow line, each file by one fetcher, and none behind another."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select

from bots.telegram import fetcher as fetcher_module
from bots.telegram.api import Api
from bots.telegram.fetcher import Fetcher
from safety_service.actions import kept_files
from safety_service.actions.kept_files import Spoken
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

        return SimpleNamespace(download_as_bytearray=body)


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
