"""P4 beside Telegram: a call that its provider took has reached, e-mail never has; what hangs delays nobody."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bots.delivery import apprise_sender
from bots.delivery.apprise_sender import DANGER_AT_ONCE, AppriseSender
from bots.delivery.sender import Sender
from safety_service.actions.telling import Priority
from safety_service.domain.words import Kind
from scheduler.dispatcher import Dispatcher
from tests.patience import until
from tests.services.sinks import Gateway, Mails, gateway, mail_server
from tests.unit.dispatcher.provider import Provider, say
from tests.unit.reachable import has, has_no_chat, said
from tests.world import World

MIA, DEV, BEN, ADAM = (f"+4477009001{number}" for number in (23, 24, 25, 26))


@dataclass
class Lines:
    """Providers of every kind, and a dispatcher that sends to them."""

    world: World
    chat: Provider
    calls: Gateway
    texts: Gateway
    mails: Mails
    dispatcher: Dispatcher

    async def later(self, seconds: float) -> None:
        self.world.clock.move(timedelta(seconds=seconds))
        await self.world.sweep()


@pytest.fixture
async def lines(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lines]:
    """Ann is inside and has fallen silent; the next sweep raises the alarm."""
    monkeypatch.setattr("scheduler.dispatcher.IDLE", 0.02)
    async with contextlib.AsyncExitStack() as stack:
        calls, texts = await stack.enter_async_context(gateway()), await stack.enter_async_context(gateway())
        mails = await stack.enter_async_context(mail_server())
        chat = Provider()
        urls = {"voice": calls.url, "sms": texts.url, "email": mails.url}
        senders: list[Sender] = [chat, *(AppriseSender(kind, url) for kind, url in urls.items())]
        dispatcher = Dispatcher(world.database, senders, holder="test", public_url="https://doorstep.example")
        running = asyncio.create_task(dispatcher.run())
        await world.inside()
        await world.jump(35.5)
        try:
            yield Lines(world, chat, calls, texts, mails, dispatcher)
        finally:
            for sink in (calls, texts):
                if sink.hangs is not None:
                    sink.hangs.set()
            dispatcher.stop()
            await asyncio.wait_for(running, 20)


async def only(world: World, who: str, kind: str, address: str) -> None:
    await has_no_chat(world, who)
    await has(world, who, kind, address)


async def test_a_text_message_that_its_provider_refuses_is_passed_after_thirty_seconds_and_still_tried(
    lines: Lines,
) -> None:
    await only(lines.world, "Mia", "sms", MIA)
    await only(lines.world, "Dev", "voice", DEV)
    lines.texts.always = 500
    await lines.world.sweep()
    await until(lambda: bool(lines.texts.got))
    await lines.later(29.9)
    assert not await said(lines.world, "Dev", "alarm."), "thirty seconds are hers"
    await lines.later(0.1)
    await until(lambda: bool(lines.calls.to(DEV)))
    lines.texts.always = 200
    before = len(lines.texts.got)
    lines.world.clock.move(timedelta(seconds=5))
    await until(lambda: len(lines.texts.got) > before)
    assert len(await lines.world.alerts()) == 1


async def test_a_call_that_its_provider_took_has_reached(lines: Lines) -> None:
    await only(lines.world, "Mia", "voice", MIA)
    await lines.world.sweep()
    await until(lambda: bool(lines.calls.to(MIA)))
    await until(lambda: reached(lines.world, "Mia"))
    await lines.later(31)
    assert not await said(lines.world, "Dev", "alarm.")
    assert lines.calls.to(MIA)[0].startswith("This is Doorstep. ALARM 1. Missed check-in.")


async def reached(world: World, who: str) -> bool:
    return (await said(world, who, "alarm."))[0].reached_at is not None


async def test_an_e_mail_alone_never_counts_and_the_next_rung_hears_in_the_same_second(lines: Lines) -> None:
    await only(lines.world, "Mia", "email", "mia@example.org")
    await lines.world.sweep()
    await until(lambda: bool(lines.mails.got))
    await until(lambda: "alarm.missed_check_in" in lines.chat.got("Dev"))
    (to, mail) = lines.mails.got[0]
    assert to == ["mia@example.org"] and "Ann" not in mail.as_string() and "Elm Row" not in mail.as_string()
    assert not any(each.reached_at for each in await said(lines.world, "Mia", "alarm."))


async def test_a_text_message_says_what_is_needed_to_act_and_no_more_than_its_ceiling(lines: Lines) -> None:
    await only(lines.world, "Mia", "sms", MIA)
    await lines.world.sweep()
    await until(lambda: bool(lines.texts.to(MIA)))
    (text,) = lines.texts.to(MIA)
    assert "Ann" in text and "999" in text and "Elm Row" not in text and "F-1" not in text
    assert len(text) <= 306


@pytest.mark.parametrize("heard", [True, False])
async def test_a_number_to_send_back_is_given_only_where_somebody_hears_it(lines: Lines, heard: bool) -> None:
    lines.dispatcher._replies = heard
    await only(lines.world, "Mia", "sms", MIA)
    await lines.world.sweep()
    await until(lambda: bool(lines.texts.to(MIA)))
    assert ("send back" in lines.texts.to(MIA)[0]) is heard


async def test_a_provider_that_hangs_delays_neither_a_chat_nor_a_call(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More text messages than any lane has places for, and no answer to any of them."""
    world = lines.world
    lines.texts.hangs = asyncio.Event()
    for limit in ("WITHIN", "ANSWER_WITHIN"):
        monkeypatch.setattr(apprise_sender, limit, 100.0)
    lines.dispatcher._within = 100.0
    await only(world, "Ben", "sms", BEN)
    for _ in range(70):
        await say(world, "Ben", "alarm.sos", priority=Priority.DANGER)
    await until(lambda: all_under_way(world))
    await only(world, "Dev", "voice", DEV)
    await say(world, "Dev", "alarm.sos", priority=Priority.DANGER)
    await say(world, "Mia", "alarm.sos", priority=Priority.DANGER)
    await until(lambda: bool(lines.calls.to(DEV)) and "alarm.sos" in lines.chat.got("Mia"))
    assert not lines.texts.got


async def all_under_way(world: World) -> bool:
    """As many as have a place."""
    return len([each for each in await said(world, "Ben") if each.state == "sending"]) >= DANGER_AT_ONCE


async def test_a_provider_that_fails_for_everybody_is_one_alert_of_the_agency(lines: Lines) -> None:
    world = lines.world
    lines.calls.always = 503
    for who, number in (("Ben", BEN), ("Adam", ADAM)):
        await only(world, who, "voice", number)
        await say(world, who, "alarm.sos", priority=Priority.DANGER)
    await until(lambda: tried(world, "Ben", "Adam"))
    world.clock.move(timedelta(seconds=61))
    await lines.dispatcher.report()
    await lines.dispatcher.report()
    about = [each.alert for each in await world.alerts() if each.alert.kind is Kind.UNDELIVERABLE]
    assert [each.worker_id for each in about] == [None]


async def tried(world: World, *people: str) -> bool:
    rows = [await said(world, who, "alarm.") for who in people]
    return all(each.error for row in rows for each in row)


async def test_one_number_that_takes_nothing_is_not_the_provider(lines: Lines) -> None:
    world = lines.world
    await only(world, "Ben", "voice", BEN)
    await only(world, "Adam", "voice", ADAM)
    lines.calls.always = 503
    await say(world, "Ben", "alarm.sos", priority=Priority.DANGER)
    await until(lambda: tried(world, "Ben"))
    world.clock.move(timedelta(seconds=61))
    await lines.dispatcher.report()
    assert not [each for each in await world.alerts() if each.alert.kind is Kind.UNDELIVERABLE]
