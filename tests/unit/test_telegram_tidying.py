"""From Going in to Out nothing on the screen says whose home it is, where, or why (shoulder-safe)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import pytest

from bots.delivery.outcome import Sent
from bots.dialogue.render import Rendered
from bots.telegram.bot import TelegramBot
from safety_service.actions import alerts
from safety_service.actions.telling import Priority, tell
from safety_service.domain.words import Found, KnownBy
from safety_service.store import alerts as alert_rows
from safety_service.store import outbox
from safety_service.store.ids import new_id
from tests.telegram import Phone
from tests.unit.telegram_desk import Desk, desk_in
from tests.world import World

Fault = Literal["server_error", "cut_before", "too_many_requests"]
VISIT = new_id()
SECRET = ("reply.brief", {"ref": "F-1", "because": ["open threat"], "risk": "high"})
PLAIN: tuple[str, dict[str, Any]] = ("reply.home", {"said_at": "2026-11-16T09:00:00+00:00"})


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


@pytest.fixture
def bot(desk: Desk) -> TelegramBot:
    return desk.bot()


async def goes_out(
    desk: Desk,
    bot: TelegramBot,
    template: str,
    params: dict[str, Any],
    *,
    about: UUID | None = None,
    visit_id: UUID | None = None,
) -> None:
    """Put a message to Ann into the outbox, and send it as the dispatcher does; its text is its template."""
    ann = desk.world.ids["Ann"]
    async with desk.database.transaction() as tx:
        await tell(tx, [ann], template, params, priority=Priority.REPLY, alert_id=about)
    desk.world.clock.move(timedelta(seconds=1))
    async with desk.database.transaction() as tx:
        (out,) = await outbox.lease(tx, ["telegram"], 10, "test", timedelta(minutes=1), most=9)
    outcome = await bot.sender.send(replace(out, visit_id=visit_id), Rendered(template))
    assert isinstance(outcome, Sent)
    async with desk.database.transaction() as tx:
        await outbox.record_sent(tx, [(out.id, outcome.provider_id)])


def texts(phone: Phone) -> list[str]:
    return [bubble.text for bubble in phone.screen]


async def test_going_in_clears_the_screen_of_what_tells_and_leaves_the_rest(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, *PLAIN)
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["reply.home", "reply.begin"]


@pytest.mark.parametrize(
    ("template", "params"),
    [
        ("form.visit.ref", {"draft": str(VISIT), "seq": 1, "options": [{"value": "F-1", "label": "F-1"}]}),
        ("link.done", {"name": "Ann"}),
        ("reply.help", {}),
        ("reply.sos_outside", {}),
    ],
)
async def test_families_on_buttons_and_what_we_are_for_go_too(
    desk: Desk, bot: TelegramBot, template: str, params: dict[str, Any]
) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, template, params)
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["reply.begin"]


async def test_before_going_in_everything_stays(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, "ask.going_in", {"phase": "begin"}, visit_id=VISIT)
    assert texts(ann) == ["reply.brief", "ask.going_in"]


async def test_what_they_typed_themselves_goes_too_but_not_bare_commands(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    async with desk.working(bot):
        await ann.says("1 Elm Row, where the Smiths live")
        await ann.says("/visit F-1 45m")
        await ann.says("/today")
        await desk.hears("/today")
    desk.world.clock.move(timedelta(minutes=1))
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["/today", "reply.begin"]


async def test_who_began_elsewhere_is_tidied_by_the_first_question(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, "ask.check_in", {}, visit_id=VISIT)
    assert texts(ann) == ["ask.check_in"]


async def test_an_alarm_stays_while_somebody_must_act_on_it_and_goes_when_it_is_resolved(
    desk: Desk, bot: TelegramBot
) -> None:
    ann, alert_id = await desk.phone("Ann"), await desk.opened_alert()
    await goes_out(desk, bot, "alarm.sos", {"number": 7}, about=alert_id)
    await goes_out(desk, bot, "alarm.sos", {"number": 8})
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["alarm.sos", "alarm.sos", "reply.begin"]
    await goes_out(desk, bot, "reply.resolved", {"alert_id": str(alert_id)})
    assert texts(ann) == ["alarm.sos", "reply.begin", "reply.resolved"]


async def test_the_address_in_an_answer_goes_with_the_alarm(desk: Desk, bot: TelegramBot) -> None:
    ann, alert_id = await desk.phone("Ann"), await desk.opened_alert()
    for template in ("reply.words_999", "reply.map"):
        await goes_out(desk, bot, template, {"alert_id": str(alert_id), "map": "1 Elm Row"})
    await goes_out(desk, bot, "reply.words_999", {"alert_id": str(new_id())})
    await goes_out(desk, bot, "reply.resolved", {"alert_id": str(alert_id)})
    assert texts(ann) == ["reply.words_999", "reply.resolved"]


async def test_a_failure_to_tidy_keeps_no_message_and_the_next_one_tries_again(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    desk.telegram.fault("server_error", method="deleteMessages", times=1)
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["reply.brief", "reply.begin"]
    await goes_out(desk, bot, "ask.check_in", {}, visit_id=VISIT)
    assert texts(ann) == ["reply.begin", "ask.check_in"]


async def test_where_only_single_messages_can_be_deleted_they_are(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    desk.telegram.fault("not_known", method="deleteMessages")
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["reply.begin"]


async def test_a_message_whose_number_was_not_told_keeps_no_other_on_the_screen(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    desk.telegram.fault("true", method="sendMessage", times=1)
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["reply.brief", "reply.begin"]


async def test_it_is_done_once_for_each_visit(desk: Desk, bot: TelegramBot) -> None:
    await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    await goes_out(desk, bot, "ask.check_in", {}, visit_id=VISIT)
    assert len(desk.telegram.calls_of("deleteMessages")) == 1


async def test_one_message_that_cannot_be_deleted_keeps_no_other(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    desk.telegram.shift_clock(-50 * 3600)
    old = desk.telegram.world.chats[ann.chat_id].messages
    await goes_out(desk, bot, *SECRET)
    desk.telegram.shift_clock(50 * 3600)
    assert len(old) == 2
    await goes_out(desk, bot, "reply.begin", {"phase": "inside"}, visit_id=VISIT)
    assert texts(ann) == ["reply.brief", "reply.begin"]


async def resolved(desk: Desk, alert_id: UUID) -> None:
    """A manager has found out that all is well."""
    await desk.world.do("Dev", alerts.take, alert_id)
    await desk.world.do("Dev", alerts.resolve, alert_id, Found.SAFE, KnownBy.SEEN)
    await desk.world.do("Mia", alerts.resolve, alert_id, Found.SAFE, KnownBy.SEEN)
    await desk.world.deliver()


async def told(desk: Desk, who: str, alert_id: UUID) -> None:
    """This person was told of the alert."""
    async with desk.database.transaction() as tx:
        row = await alert_rows.load(tx, alert_id)
        assert row is not None
        await alert_rows.save(tx, row, replace(row.alert, told=row.alert.told | {desk.world.ids[who]}))


@pytest.mark.parametrize("fault", ["server_error", "cut_before", "too_many_requests"])
async def test_an_alarm_that_could_not_be_taken_off_is_taken_off_later_whatever_failed(
    desk: Desk, bot: TelegramBot, fault: Fault
) -> None:
    ann, alert_id = await desk.phone("Ann"), await desk.opened_alert()
    await told(desk, "Ann", alert_id)
    await goes_out(desk, bot, "alarm.sos", {"number": 7}, about=alert_id)
    await goes_out(desk, bot, "alarm.sos", {"number": 8})
    await goes_out(desk, bot, "reply.words_999", {"alert_id": str(alert_id)})
    await resolved(desk, alert_id)
    desk.telegram.fault(fault, method="deleteMessages", times=1)
    await goes_out(desk, bot, "alert.resolved", {"number": 7}, about=alert_id)
    assert texts(ann)[:3] == ["alarm.sos", "alarm.sos", "reply.words_999"]
    await desk.bot().tidier.look_again()
    assert texts(ann) == ["alarm.sos", "alert.resolved"]


async def test_an_alarm_of_an_open_alert_is_never_taken_off_by_a_later_look(desk: Desk, bot: TelegramBot) -> None:
    ann, alert_id = await desk.phone("Ann"), await desk.opened_alert()
    await told(desk, "Ann", alert_id)
    await goes_out(desk, bot, "alarm.sos", {"number": 7}, about=alert_id)
    await goes_out(desk, bot, "reply.map", {"alert_id": str(alert_id)})
    await bot.tidier.look_again()
    assert texts(ann) == ["alarm.sos", "reply.map"]


async def test_killed_before_it_was_tidied_another_process_does_it(desk: Desk, bot: TelegramBot) -> None:
    ann, alert_id = await desk.phone("Ann"), await desk.opened_alert()
    await told(desk, "Ann", alert_id)
    await goes_out(desk, bot, "alarm.sos", {"number": 7}, about=alert_id)
    await resolved(desk, alert_id)
    await desk.bot().tidier.look_again()
    assert texts(ann) == []
    before = len(desk.telegram.calls_of("deleteMessages"))
    await desk.bot().tidier.look_again()
    assert len(desk.telegram.calls_of("deleteMessages")) == before, "what is off the screen is not tried again"


async def test_who_went_in_by_another_way_is_tidied_without_a_message(desk: Desk, bot: TelegramBot) -> None:
    ann = await desk.phone("Ann")
    await goes_out(desk, bot, *SECRET)
    await goes_out(desk, bot, *PLAIN)
    await bot.tidier.look_again()
    assert texts(ann) == ["reply.brief", "reply.home"]
    await desk.world.inside("Ann")
    desk.telegram.fault("server_error", method="deleteMessages", times=1)
    await bot.tidier.look_again()
    assert texts(ann) == ["reply.brief", "reply.home"]
    await bot.tidier.look_again()
    assert texts(ann) == ["reply.home"]


async def test_a_look_goes_on_when_one_chat_refuses(desk: Desk, bot: TelegramBot) -> None:
    ann, alert_id = await desk.phone("Ann"), await desk.opened_alert()
    await told(desk, "Ann", alert_id)
    await goes_out(desk, bot, "alarm.sos", {"number": 7}, about=alert_id)
    await resolved(desk, alert_id)
    desk.telegram.shift_clock(50 * 3600)
    await bot.tidier.look_again()
    desk.telegram.shift_clock(-50 * 3600)
    before = len(desk.telegram.calls_of("deleteMessage"))
    await bot.tidier.look_again()
    assert texts(ann) == ["alarm.sos"], "too old for Telegram"
    assert len(desk.telegram.calls_of("deleteMessage")) == before, "and not tried for ever"
