"""What people say in Telegram is kept before Telegram may forget it, whatever fails in between (P6)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from bots.telegram import listening, poller
from bots.telegram.api import Api
from bots.telegram.listening import DRAINED, LEASE, POLLED, Pace
from safety_service.store import leases
from safety_service.store.errors import CannotKeep, DatabaseAway
from safety_service.store.tables.system import lease
from tests.patience import until
from tests.telegram.judge import METHODS
from tests.unit.telegram_desk import QUICK, Desk, desk_in
from tests.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


async def test_what_is_said_is_heard_with_its_date_by_whom_it_was_said(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    said_at = desk.world.now - timedelta(minutes=3)
    await ann.says("ok", at=said_at)
    async with desk.working():
        await desk.hears("ok")
    said = desk.notebook.heard[0]
    assert (said.person_id, said.said_at, said.kind) == (desk.world.ids["Ann"], said_at, "text")


async def test_a_bot_api_server_that_minds_the_case_of_names_is_understood(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    await ann.says("ok")
    async with desk.working():
        await desk.hears("ok")
        await desk.telegram.called("deleteMyCommands")
    assert "getUpdates" in (names := {call.method for call in desk.telegram.calls})
    assert names <= set(METHODS)


async def test_words_of_a_chat_keep_their_order_and_chats_go_side_by_side(desk: Desk) -> None:
    ann, ben = await desk.phone("Ann"), await desk.phone("Ben")
    for number in range(5):
        await ann.says(f"a{number}")
        await ben.says(f"b{number}")
    async with desk.working():
        await desk.hears("a4", "b4")
    assert desk.notebook.of(ann) == [f"a{number}" for number in range(5)]
    assert desk.notebook.of(ben) == [f"b{number}" for number in range(5)]


async def test_a_press_and_what_is_typed_after_it_keep_their_order(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    question = await desk.asks(desk.bot(), ann, "going in?", ["in", "late"])
    await ann.says("wait")
    await ann.presses(question, "in")
    await ann.says("ok")
    async with desk.working():
        await desk.hears("ok")
    assert desk.notebook.texts == ["wait", "in", "ok"]


async def test_a_pressed_button_stops_waiting_once_the_press_is_kept(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    question = await desk.asks(desk.bot(), ann, "going in?", ["in"])
    await ann.presses(question, "in")
    async with desk.working(inbox=False):
        await desk.telegram.called("answerCallbackQuery")
        assert [state for _, state in await desk.kept()] == ["new"]


async def test_the_offset_moves_only_after_the_words_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await desk.phone("Ann")
    await ann.says("ok")
    kept: list[list[tuple[str, str]]] = []

    class Died(Exception):
        pass

    def die(point: str) -> None:
        if point == "poller:after_commit" and not kept:
            kept.append([])
            raise Died

    monkeypatch.setattr(poller, "crash_point", die)
    async with desk.working():
        await desk.telegram.all_taken()
        await desk.hears("ok")
    assert kept, "the poller never got so far"
    assert desk.notebook.texts == ["ok"]
    assert [state for _, state in await desk.kept()] == ["handled"]


async def test_words_that_could_not_be_kept_are_asked_for_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await desk.phone("Ann")
    await ann.says("ok")
    failures = 2

    def fail(point: str) -> None:
        nonlocal failures
        if point == "poller:before_commit" and failures:
            failures -= 1
            raise DatabaseAway("pulled the plug")

    monkeypatch.setattr(poller, "crash_point", fail)
    async with desk.working():
        await desk.hears("ok")
        await desk.telegram.all_taken()
    assert failures == 0
    assert desk.notebook.texts == ["ok"]


async def test_whoever_speaks_while_nothing_can_be_kept_is_told_once_whom_to_ring_and_is_heard_after(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, stranger = await desk.phone("Ann"), desk.telegram.person("Stranger")
    full = True

    def keep(point: str) -> None:
        if point == "poller:before_commit" and full:
            raise CannotKeep("no room")

    monkeypatch.setattr(poller, "crash_point", keep)
    await ann.says("help me")
    await ann.says("please")
    await stranger.says("hello")
    async with desk.working(desk.bot(pace=replace(QUICK, owning_up=0.0))):
        told = await ann.sees("nobody has heard you yet")
        assert told.text.endswith("ring the office: 01632 960000.")
        assert (await stranger.sees("nobody has heard you yet")).text.endswith("ring the office.")
        full = False
        await desk.hears("help me", "please")
    assert [each.text for each in ann.screen.from_bot].count(told.text) == 1
    assert desk.notebook.of(ann) == ["help me", "please"]


async def test_a_moment_without_the_database_is_nothing_to_be_told_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await desk.phone("Ann")
    failures = 2

    def fail(point: str) -> None:
        nonlocal failures
        if point == "poller:before_commit" and failures:
            failures -= 1
            raise DatabaseAway("restarted")

    monkeypatch.setattr(poller, "crash_point", fail)
    await ann.says("ok")
    async with desk.working():
        await desk.hears("ok")
    assert not ann.screen.from_bot


async def test_one_update_that_cannot_be_read_keeps_no_other_from_being_heard(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await desk.phone("Ann")
    await ann.says("first")
    desk.telegram.updates[-1]["message"].pop("chat")
    await ann.says("second")
    async with desk.working():
        await desk.hears("second")
    assert desk.notebook.texts == ["second"]
    assert f"is lost: {desk.telegram.updates[0]['update_id']}" in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "server_error", "status": 502},
        {"kind": "cut_before"},
        {"kind": "cut_after"},
        {"kind": "garbage"},
        {"kind": "too_many_requests", "retry_after": 1},
    ],
    ids=lambda fault: str(fault["kind"]),
)
async def test_whatever_telegram_does_to_a_poll_nothing_is_lost_and_it_is_said_once(
    desk: Desk, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    ann = await desk.phone("Ann")
    await ann.says("ok")
    ordered = desk.telegram.fault(method="getUpdates", times=None if "retry_after" not in fault else 1, **fault)
    async with desk.working():
        await desk.telegram.until_hit(ordered, 1 if "retry_after" in fault else 3)
        ordered.lift()
        await desk.hears("ok")
    assert desk.notebook.texts == ["ok"]
    shouts = [
        record for record in caplog.records if record.name.startswith("bots.") and record.levelno >= logging.ERROR
    ]
    assert [record.name for record in shouts] == ["bots.telegram.poller"]
    assert "works again" in caplog.text


async def test_a_poll_that_hangs_is_given_up_and_the_next_one_hears(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await desk.phone("Ann")
    hanging = desk.telegram.fault("hang_before", method="getUpdates", times=1)
    async with desk.working(desk.bot(pace=replace(QUICK, grace=0.5))):
        await desk.telegram.until_hit(hanging)
        await ann.says("ok")
        await desk.hears("ok")
    assert "no answer at all" in caplog.text


async def test_a_poller_that_is_wedged_for_good_is_left_behind_and_begun_again_loudly(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that swallows the cancellation, too, as ours did when it met it while it connected."""
    ann, hung, come_back, asked = await desk.phone("Ann"), asyncio.Event(), asyncio.Event(), Api.updates
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(listening, "LET_GO_WITHIN", 0.05)

    async def hang_once(api: Api, offset: int | None, wait: float, **how: bool) -> list[Any]:
        if hung.is_set():
            return await asked(api, offset, wait, **how)
        hung.set()
        while not come_back.is_set():
            with suppress(asyncio.CancelledError):
                await come_back.wait()
        return []

    monkeypatch.setattr(Api, "updates", hang_once)
    async with desk.working(desk.bot(pace=replace(QUICK, wait=0, grace=0.2, margin=0.2))):
        await hung.wait()
        await ann.says("ok")
        await desk.hears("ok")
        come_back.set()
        await desk.telegram.called("getUpdates", times=len(desk.telegram.calls_of("getUpdates")) + 3)
    assert "Listening to Telegram hangs" in caplog.text and "no longer" in caplog.text
    assert desk.notebook.texts == ["ok"]


async def test_telegram_away_altogether_is_waited_for(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    await desk.telegram.stops_listening()
    async with desk.working():
        await asyncio.sleep(0)
        await desk.telegram.listens_again()
        await ann.says("ok")
        await desk.hears("ok")


async def test_of_two_pollers_one_polls_and_the_other_takes_over_when_it_is_gone(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    first, second = desk.bot(), desk.bot()
    async with desk.working(second):
        async with desk.working(first, inbox=False):
            await desk.telegram.polled()
            polls = len(desk.telegram.calls_of("getUpdates"))
            await ann.says("one")
            await desk.hears("one")
            await desk.telegram.called("getUpdates", times=polls + 1)
        await ann.says("two")
        await desk.hears("one", "two")
    assert not [call for call in desk.telegram.calls_of("getUpdates") if call.status == 409]


async def test_a_poller_that_died_without_a_word_is_followed_when_its_lease_is_over(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    async with desk.database.transaction() as tx:
        assert await leases.hold(tx, LEASE, "a dead process", timedelta(seconds=8))
    async with desk.working():
        await ann.says("ok")
        desk.world.clock.move(timedelta(seconds=8))
        await desk.hears("ok")


async def test_a_stranger_with_our_token_is_a_conflict_that_is_said_once_and_outlived(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await desk.phone("Ann")
    async with desk.working():
        await desk.telegram.polled()
        for _ in range(2):
            answered = len(desk.telegram.calls_of("getUpdates"))
            desk.telegram.world.updates.displace("Conflict: terminated by other getUpdates request")
            await desk.telegram.called("getUpdates", times=answered + 1)
        await ann.says("ok")
        await desk.hears("ok")
    assert "Conflict" in caplog.text


async def test_a_webhook_of_an_earlier_life_is_taken_down_and_nothing_that_waits_is_dropped(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    desk.telegram.world.webhook.url = "http://127.0.0.1:9/gone"
    await ann.says("ok")
    async with desk.working():
        await desk.hears("ok")


async def test_whoever_lost_its_turn_takes_down_no_webhook_that_the_next_one_set(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with desk.working():
        await desk.telegram.polled()
        async with desk.database.transaction() as tx:
            await tx.conn.execute(delete(lease))
            assert await leases.hold(tx, LEASE, "one that keeps a webhook", timedelta(minutes=1))
        desk.telegram.world.webhook.url = "http://127.0.0.1:9/theirs"
        desk.telegram.world.updates.displace("Conflict: terminated by setWebhook request")
        await until(lambda: "listens to Telegram no longer" in caplog.text)
    assert desk.telegram.world.webhook.url == "http://127.0.0.1:9/theirs"
    assert len(desk.telegram.calls_of("deleteWebhook")) == 1


async def test_every_poll_is_stamped_and_an_empty_one_says_that_all_is_heard(desk: Desk) -> None:
    ann, began = await desk.phone("Ann"), desk.world.now
    await ann.says("ok")
    async with desk.working():
        await desk.telegram.polled()
        assert await desk.stamped(POLLED) == await desk.stamped(DRAINED) == began
        later = desk.world.clock.move(timedelta(minutes=1))
        await until(lambda: _drained_at(desk, later))


async def test_while_telegram_cannot_be_heard_nothing_says_that_all_is_heard(desk: Desk) -> None:
    fault = desk.telegram.fault("server_error", method="getUpdates")
    async with desk.working():
        await desk.telegram.until_hit(fault, 3)
        assert await desk.stamped(POLLED) is None
        assert await desk.stamped(DRAINED) is None


async def _drained_at(desk: Desk, at: datetime) -> bool:
    return await desk.stamped(DRAINED) == at


async def test_after_a_quiet_week_updates_that_are_numbered_anew_are_heard(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    async with desk.working():
        await ann.says("before")
        await desk.hears("before")
        await desk.telegram.all_taken()
        desk.telegram.world.updates._next_number = 1000
        desk.telegram.hold()
        await ann.says("after")
        polls = len(desk.telegram.calls_of("getUpdates"))
        await desk.telegram.called("getUpdates", times=polls + 2)
        desk.telegram.release()
        await desk.hears("after")


async def test_while_we_listen_a_press_counts_from_now_and_after_a_gap_from_before_it(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    bot = desk.bot(pace=Pace(wait=30, grace=0.5, lease=60, standby=0.02))
    async with desk.working(bot):
        question = await desk.asks(bot, ann, "going in?", ["in", "late"])
        desk.world.clock.move(timedelta(minutes=2))
        listening = desk.world.now
        await ann.presses(question, "late")
        await desk.hears("late")
        assert about(desk.notebook.heard[-1].said_at, question.at), "after a clock that jumped we cannot know"
        await ann.presses(question, "in")
        await desk.hears("in")
        assert about(desk.notebook.heard[-1].said_at, listening)
        await desk.telegram.polled()
    desk.world.clock.move(timedelta(minutes=30))
    await ann.presses(question, "late")
    desk.world.clock.move(timedelta(minutes=30))
    async with desk.working():
        await until(lambda: len(desk.notebook.heard) == 3)
    assert about(desk.notebook.heard[-1].said_at, listening)


def about(said_at: datetime, wanted: datetime) -> bool:
    """Polls are measured by a clock that does not stand still."""
    return abs(said_at - wanted) < timedelta(seconds=30)


async def test_a_poll_of_the_usual_pace_waits_and_is_not_refused(desk: Desk) -> None:
    async with desk.working(desk.bot(pace=Pace())):
        await until(lambda: any(call.parameters.get("timeout") for call in desk.telegram.calls_of("getUpdates")))
        ann = await desk.phone("Ann")
        await ann.says("ok")
        await desk.hears("ok")
    assert all(call.description is None for call in desk.telegram.calls_of("getUpdates"))
