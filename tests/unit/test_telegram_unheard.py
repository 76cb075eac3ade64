"""Whoever speaks while nothing can be kept is told so: all of them soon, whoever else cannot be told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bots.telegram import api, patience, poller, unheard
from safety_service.store.errors import DatabaseAway
from tests.patience import until
from tests.telegram import Phone
from tests.unit.telegram_desk import QUICK, Desk, desk_in
from tests.world import World

SAID = "nobody has heard you yet"


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


def frozen(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> list[int]:
    """A database that answers nobody any more. Gives how often it was asked."""
    asked: list[int] = []

    @asynccontextmanager
    async def never() -> AsyncIterator[Any]:
        asked.append(1)
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr(desk.database, "reading", never)
    return asked


def told(phone: Phone) -> int:
    return sum(SAID in each.text for each in phone.screen.from_bot)


async def test_all_are_told_within_moments_though_the_database_is_frozen_and_a_chat_hangs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = True

    def fail(point: str) -> None:
        if point == "poller:before_commit" and away:
            raise DatabaseAway("frozen")

    monkeypatch.setattr(poller, "crash_point", fail)
    monkeypatch.setattr(api, "READ", 3.0)
    phones = [desk.telegram.person(f"P{number}") for number in range(20)]
    hanging = desk.telegram.fault("hang_before", method="sendMessage", chat=phones[0].chat_id, times=1)
    for phone in phones:
        await phone.says("help me")
    async with desk.working(desk.bot(pace=replace(QUICK, owning_up=0.0)), inbox=False):
        asked = frozen(monkeypatch, desk)
        await desk.telegram.until_hit(hanging)
        async with asyncio.timeout(6):
            await asyncio.gather(*(phone.sees(SAID) for phone in phones[1:]))
        assert len(asked) < 5, "it is looked up for all who are told together, and not again for each"
        await phones[0].sees(SAID)
        away = False
        await desk.telegram.all_taken()
    assert [told(phone) for phone in phones] == [1] * 20
    assert "hangs" not in caplog.text


async def test_live_positions_hide_nobody_who_speaks_while_nothing_can_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = True

    def fail(point: str) -> None:
        if point == "poller:before_commit" and away:
            raise DatabaseAway("away")

    monkeypatch.setattr(patience, "FIRST", 0.01)
    monkeypatch.setattr(poller, "crash_point", fail)
    ann, ben = await desk.phone("Ann"), await desk.phone("Ben")
    live = await ben.shares_position(51.5, -0.1)
    await ann.says("help")
    async with desk.working(desk.bot(pace=replace(QUICK, owning_up=0.0))):
        await ann.sees(SAID)
        for moves in (poller.CROWDED - 3, 1, api.BATCH):
            for step in range(moves):
                await ben.moves(live, 51.5 + step / 1000, -0.1)
            await desk.telegram.called("getUpdates", times=len(desk.telegram.calls_of("getUpdates")) + 2)
        mia = await desk.phone("Mia")
        await mia.says("/sos")
        await mia.sees(SAID)
        assert len(desk.telegram.updates) == poller.CROWDED + 1, "what leaves no room is not kept for later"
        away = False
        await desk.hears("help", "/sos")
        polls = len(desk.telegram.calls_of("getUpdates"))
        await desk.telegram.called("getUpdates", times=polls + 2)
        await ben.moves(live, 52.0, -0.1)
        await until(lambda: desk.notebook.heard[-1].kind == "live_position")
        assert desk.notebook.heard[-1].position is not None


async def test_who_was_not_told_because_it_ended_or_failed_is_told_when_it_comes_in_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unheard, "BREATH", 0.0)
    ann, gone = desk.telegram.person("Ann"), desk.telegram.person("Gone")
    await ann.says("help me")
    await gone.says("help me")
    gone_for_good = desk.telegram.fault("blocked", chat=gone.chat_id)
    here = desk.bot()._unheard
    down = desk.telegram.fault("server_error", status=503, chat=ann.chat_id, times=1)
    here.say(desk.telegram.updates)
    await desk.telegram.until_hit(down)
    await desk.telegram.until_hit(gone_for_good)
    await until(lambda: not here._tasks)
    assert not told(ann)
    for _ in range(2):
        here.say(desk.telegram.updates)
        await until(lambda: not here._tasks)
    assert told(ann) == 1
    assert gone_for_good.hits == 1, "who has blocked the bot is not asked for again"
    here.kept()
    here.say(desk.telegram.updates)
    await until(lambda: told(ann) == 2)


async def test_a_fault_of_our_own_is_loud_and_holds_up_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann, ben = desk.telegram.person("Ann"), desk.telegram.person("Ben")
    await ann.says("help me")
    await ben.says("help me")
    here = desk.bot()._unheard
    send = here._send

    async def breaks(outage: Any, chat: int, office: str) -> None:
        if chat == ann.chat_id:
            raise RuntimeError("a fault")
        await send(outage, chat, office)

    monkeypatch.setattr(here, "_send", breaks)
    here.say([*desk.telegram.updates, {"update_id": 99, "message": {}}])
    await ben.sees(SAID)
    assert any(each.levelno >= logging.ERROR and each.exc_info for each in caplog.records)
