"""The whole way through Telegram: what is said goes to the real dialogue, and its answers go out by the dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from bots.dialogue import router
from bots.telegram.bot import TelegramBot
from safety_service.actions.telling import Priority, tell
from scheduler.dispatcher import Dispatcher
from tests.patience import until
from tests.unit.telegram_desk import PAGES, Desk, desk_in
from tests.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world, router.handle) as desk:
        yield desk


@asynccontextmanager
async def talking(desk: Desk) -> AsyncIterator[TelegramBot]:
    """The bot listens, and what is to go out goes out."""
    async with desk.working() as bot:
        dispatcher = Dispatcher(desk.database, [bot.sender], holder="test", public_url=PAGES)
        task = asyncio.create_task(dispatcher.run())
        try:
            yield bot
        finally:
            dispatcher.stop()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_new_worker_links_goes_in_is_well_and_comes_out(desk: Desk) -> None:
    ann = desk.telegram.person("Ann")
    await ann.starts(await desk.code("Ann"))
    async with talking(desk):
        await ann.sees("You are linked, Ann.")
        row = await desk.world.plan("Ann", minutes=45)
        await ann.says("/begin")
        inside = await ann.sees_button("OK")
        await ann.presses(inside, "OK")
        well = await ann.sees("OK.", after=inside)
        await ann.presses(well, "Out")
        await ann.sees("Out ")
    assert (await desk.world.visit(row.id)).visit.status == "out"


async def test_a_position_sent_by_hand_says_ok_and_a_live_one_moves_nothing(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    row = await desk.world.inside("Ann")
    due = (await desk.world.visit(row.id)).visit.watch(desk.world.ids["Ann"]).due_at
    desk.world.clock.move(timedelta(minutes=5))
    async with talking(desk):
        sharing = await ann.shares_position(53.8, -1.55)
        await ann.moves(sharing, 53.81, -1.55)
        await ann.says("/where")
        await ann.sees("Next")
        assert (await desk.world.visit(row.id)).visit.watch(desk.world.ids["Ann"]).due_at == due
        before = await ann.sees("Next")
        await ann.sends_position(53.8, -1.55)
        await ann.sees("OK.", after=before)
    moved = (await desk.world.visit(row.id)).visit.watch(desk.world.ids["Ann"]).due_at
    assert due is not None and moved is not None and moved > due


async def test_a_flooded_chat_delays_nobody_else(desk: Desk) -> None:
    ann, ben = await desk.phone("Ann"), await desk.phone("Ben")
    desk.telegram.fault("too_many_requests", method="sendMessage", chat=ann, retry_after=3600)
    async with talking(desk):
        async with desk.database.transaction() as tx:
            for name in ("Ann", "Ben"):
                await tell(tx, [desk.world.ids[name]], "worker.read", {"at": None}, priority=Priority.QUESTION)
        await desk.telegram.called("sendMessage", ann)
        await desk.telegram.called("sendMessage", ben)
        await ben.says("/where")
        await desk.telegram.called("sendMessage", ben, times=2)
    assert len(desk.telegram.calls_of("sendMessage", ann)) == 1, "who is flooded is left alone for as long as asked"


async def test_an_alarm_whose_line_was_cut_is_said_again_and_says_so(desk: Desk) -> None:
    mia = await desk.phone("Mia")
    desk.telegram.fault("cut_after", method="sendMessage", chat=mia, times=1)
    async with talking(desk):
        await desk.opened_sos("Ben")
        first = await mia.sees("ALARM")
        await until(desk.unsure)
        desk.world.clock.move(timedelta(seconds=30))
        second = await mia.sees("ALARM", after=first)
    assert first.text != second.text
    assert second.text.endswith(first.text.splitlines()[-1])


async def test_a_question_whose_line_was_cut_is_not_said_twice(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    desk.telegram.fault("cut_after", method="sendMessage", chat=ann, times=1)
    async with talking(desk):
        await ann.says("/where")
        first = await ann.sees("")
        desk.world.clock.move(timedelta(minutes=5))
        await ann.says("/me")
        await ann.sees("Ann.", after=first)
    assert len(ann.screen.from_bot) == 2
