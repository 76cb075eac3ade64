"""What became of a message that was handed to Telegram: taken, not taken, perhaps taken, never to be taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bots.delivery.outcome import Blocked, Later, NotSent, Refused, Sent, Unknown
from bots.dialogue.render import Button, Rendered
from bots.telegram.api import URGENT_CONNECTIONS, Api
from bots.telegram.pacing import Pacing
from bots.telegram.sender import TelegramSender
from bots.telegram.words import Words
from config.wording import read_wording
from safety_service.actions.telling import Priority
from safety_service.store.hot import InProcessHot
from safety_service.store.outbox import Outgoing
from tests.patience import until
from tests.telegram import BotApiServer, Phone
from tests.unit.telegram_desk import outgoing

TEXT = Rendered("14:30?")
OK = Button("OK", "ok:1")


class Room:
    """What the sender needs around it."""

    def __init__(self) -> None:
        self.moved: list[str] = []

    async def keep(self, out: Outgoing, address: str) -> None:
        self.moved.append(address)

    async def tidy(self, out: Outgoing) -> None:
        """Nothing to tidy."""


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with BotApiServer() as server:
        yield server


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def sender(telegram: BotApiServer, room: Room) -> AsyncIterator[TelegramSender]:
    api = Api(telegram.token, telegram.base_url)
    pacing = Pacing(InProcessHot(), token=telegram.token, per_second=1000)
    yield TelegramSender(api, Words(read_wording()), room.keep, room.tidy, pacing)
    await api.close()


@pytest.fixture
def ann(telegram: BotApiServer) -> Phone:
    return telegram.person("Ann")


async def test_what_is_taken_is_sent_and_can_be_named(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    outcome = await sender.send(outgoing(ann), Rendered("14:30?", ((OK,), (Button("+15", "extend:1"),))))
    bubble = await ann.sees("14:30?")
    assert outcome == Sent(str(bubble.id))
    assert bubble.labels == ("OK", "+15")
    call = telegram.calls_of("sendMessage")[-1]
    assert call.parameters["link_preview_options"] == {"is_disabled": True}


async def test_a_blocked_bot_is_told_apart_from_everything_else(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    await ann.blocks_the_bot()
    assert isinstance(await sender.send(outgoing(ann), TEXT), Blocked)


async def test_a_chat_that_does_not_exist_takes_nothing_ever(telegram: BotApiServer, sender: TelegramSender) -> None:
    nobody = telegram.person("Nobody", met=False)
    assert isinstance(await sender.send(outgoing(nobody), TEXT), Blocked)


async def test_a_flooded_chat_waits_as_long_as_it_is_asked_to_and_delays_nobody(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    ben = telegram.person("Ben")
    telegram.fault("too_many_requests", method="sendMessage", chat=ann, retry_after=60)
    flooded, other = await asyncio.gather(sender.send(outgoing(ann), TEXT), sender.send(outgoing(ben), TEXT))
    assert flooded == Later(60, whole_channel=False)
    assert isinstance(other, Sent)


async def test_a_chat_that_hangs_delays_nobody(telegram: BotApiServer, sender: TelegramSender, ann: Phone) -> None:
    ben = telegram.person("Ben")
    hanging = telegram.fault("hang_before", method="sendMessage", chat=ann)
    waiting = asyncio.create_task(sender.send(outgoing(ann), TEXT))
    await telegram.until_hit(hanging)
    assert isinstance(await sender.send(outgoing(ben), TEXT), Sent)
    hanging.lift()
    assert isinstance(await waiting, Sent)


async def test_alarms_that_telegram_leaves_unanswered_keep_no_danger_waiting(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    """An SOS would stand for seconds behind what nobody takes."""
    hanging = telegram.fault("hang_before", method="sendMessage", times=URGENT_CONNECTIONS)
    people = [telegram.person(f"P{number}") for number in range(URGENT_CONNECTIONS)]
    alarms = [asyncio.create_task(sender.send(outgoing(each, priority=Priority.ALARM), TEXT)) for each in people]
    await telegram.until_hit(hanging, times=URGENT_CONNECTIONS)
    sos = await sender.send(outgoing(ann, priority=Priority.DANGER), TEXT)
    assert isinstance(sos, Sent) and not any(each.done() for each in alarms)
    hanging.lift()
    assert all([isinstance(await each, Sent) for each in alarms])


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "garbage"])
async def test_a_line_that_is_cut_may_have_carried_the_message(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone, fault: str
) -> None:
    telegram.fault(fault, method="sendMessage", times=1)  # type: ignore[arg-type]
    assert isinstance(await sender.send(outgoing(ann), TEXT), Unknown)
    assert len(ann.screen) == (0 if fault == "cut_before" else 1)


@pytest.mark.parametrize(("status", "outcome"), [(500, Unknown), (502, Unknown), (503, NotSent), (504, Unknown)])
async def test_a_gateways_error_is_not_taken_for_telegrams_no(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone, status: int, outcome: type[Unknown | NotSent]
) -> None:
    telegram.fault("server_error", method="sendMessage", status=status)
    assert isinstance(await sender.send(outgoing(ann), TEXT), outcome)


async def test_a_server_that_is_away_has_surely_taken_nothing(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    await telegram.stops_listening()
    assert isinstance(await sender.send(outgoing(ann), TEXT), NotSent)


async def test_a_token_that_is_not_accepted_stops_the_whole_channel(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    telegram.world.token = "4242:" + "Y" * 35
    outcome = await sender.send(outgoing(ann), TEXT)
    assert isinstance(outcome, Later) and outcome.whole_channel


async def test_danger_has_connections_of_its_own(telegram: BotApiServer, sender: TelegramSender) -> None:
    mia, others = telegram.person("Mia"), [telegram.person(f"P{number}") for number in range(40)]
    hanging = [telegram.fault("hang_before", method="sendMessage", chat=each) for each in others]
    flood = [asyncio.create_task(sender.send(outgoing(each, priority=Priority.ROUTINE), TEXT)) for each in others]
    await until(lambda: sum(each.hits for each in hanging) == 32)
    alarm = outgoing(mia, priority=Priority.DANGER, template="alarm.sos")
    assert isinstance(await sender.send(alarm, Rendered("ALARM 7. SOS.")), Sent)
    await until(lambda: sum(each.done() for each in flood) == 8)
    telegram.lift()
    outcomes = await asyncio.gather(*flood)
    assert sum(isinstance(each, NotSent) for each in outcomes) == 8, "who found the pool full has surely sent nothing"


async def test_a_group_that_became_a_supergroup_is_followed_and_its_new_address_kept(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone, room: Room
) -> None:
    group = telegram.group(members=[ann])
    phone = ann.in_group(group)
    out = outgoing(phone)
    new = await group.becomes_supergroup()
    assert isinstance(await sender.send(out, TEXT), Sent)
    assert telegram.calls_of("sendMessage")[-1].chat == new
    assert room.moved == [str(new)]


async def test_buttons_that_telegram_refuses_do_not_keep_the_words_from_going_out(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    link = Button("Read", url="http://localhost:8080/alerts/1", kind="url")
    assert isinstance(await sender.send(outgoing(ann), Rendered("ALARM 7.", ((OK,), (link,)))), Sent)
    bubble = await ann.sees("ALARM 7.")
    assert bubble.text == "ALARM 7.\nRead: http://localhost:8080/alerts/1"
    assert bubble.labels == ("OK",)


async def test_even_without_any_button_it_goes_out(telegram: BotApiServer, sender: TelegramSender, ann: Phone) -> None:
    assert isinstance(await sender.send(outgoing(ann), Rendered("ALARM 7.", ((Button("Go", "x" * 65),),))), Sent)
    assert (await ann.sees("ALARM 7.")).labels == ()


async def test_what_telegram_will_never_take_is_refused(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    assert isinstance(await sender.send(outgoing(ann), Rendered(" ")), Refused)


@pytest.mark.parametrize("letter", ["a", "😀"])
async def test_a_long_message_is_cut_and_not_lost(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone, letter: str
) -> None:
    assert isinstance(await sender.send(outgoing(ann), Rendered(letter * 5000)), Sent)
    text = ann.screen[0].text
    assert text.endswith("…") and 4090 <= len(text.encode("utf-16-le")) // 2 <= 4096


async def test_a_position_is_asked_for_by_a_key_where_nothing_else_is_to_press(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    where = Button("Send my position", kind="position")
    assert isinstance(await sender.send(outgoing(ann), Rendered("Where?", ((where,),))), Sent)
    await ann.is_at(53.8, -1.55)
    await ann.presses(None, "Send my position")
    assert "location" in telegram.updates[-1]["message"]
    assert ann.screen.keyboard == ()


async def test_a_position_beside_other_buttons_is_asked_for_by_the_paperclip(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone
) -> None:
    rows = ((Button("Send my position", kind="position"),), (Button("Back", "f:back"),))
    await sender.send(outgoing(ann), Rendered("Where?", rows))
    bubble = await ann.sees("Where?")
    assert bubble.labels == ("Back",) and "paperclip" in bubble.text


@pytest.mark.parametrize(
    ("template", "secret", "protected"),
    [("alarm.sos", False, True), ("reply.brief", True, True), ("ask.check_in", False, False)],
)
async def test_what_says_more_than_times_can_be_neither_forwarded_nor_copied(
    telegram: BotApiServer, sender: TelegramSender, ann: Phone, template: str, secret: bool, protected: bool
) -> None:
    await sender.send(outgoing(ann, template=template), Rendered("x", remove_at_door=secret))
    assert (await ann.sees("x")).protected is protected
