"""The bot speaks no quicker than Telegram takes it, and nothing urgent stands behind what is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bots.delivery.outcome import Later, Outcome, Sent
from bots.dialogue.render import Rendered
from bots.telegram import pacing
from bots.telegram.bot import TelegramBot
from bots.telegram.pacing import ANSWERS_AT_ONCE, NEWS_AT_ONCE, URGENT_AT_ONCE, Pacing
from safety_service.actions.telling import Priority
from safety_service.store.hot import InProcessHot, RedisHot
from safety_service.store.turns import Turns
from tests.telegram import Phone
from tests.unit.telegram_desk import Desk, desk_in, outgoing
from tests.world import World

WORDS = Rendered("14:30?")


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here for a turn that is not theirs at once."""
    monkeypatch.setattr(pacing, "OTHERS_WAIT", 0.0)
    monkeypatch.setattr(pacing, "URGENT_WAITS", 0.0)


@pytest.fixture
def still(desk: Desk) -> None:
    """No time passes while turns are taken, however busy the machine is."""
    assert isinstance(desk.database.hot, InProcessHot)
    desk.database.hot._turns = Turns(lambda: 1000.0)


async def sends(bot: TelegramBot, phone: Phone, priority: Priority) -> Outcome:
    template = "alarm.sos" if priority <= Priority.ALARM else "ask.check_in"
    return await bot.sender.send(outgoing(phone, priority=priority, template=template), WORDS)


def held(outcome: Outcome) -> bool:
    return isinstance(outcome, Later) and outcome.own


@pytest.mark.usefixtures("hurry", "still")
async def test_routine_messages_leave_room_for_urgent_ones_and_danger_waits_for_nothing(desk: Desk) -> None:
    people = [desk.telegram.person(f"P{number}") for number in range(12)]
    bot = desk.bot(per_second=6)
    routine = [await sends(bot, each, Priority.ROUTINE) for each in people[:8]]
    assert isinstance(routine[0], Sent) and held(routine[-1])
    alarms = [await sends(bot, each, Priority.ALARM) for each in people[8:10]]
    assert all(isinstance(each, Sent) for each in alarms)
    for each in people:
        await sends(bot, each, Priority.ALARM)
    assert all([isinstance(await sends(bot, each, Priority.DANGER), Sent) for each in people])
    assert held(await sends(bot, people[0], Priority.ROUTINE)), "what was counted keeps the rest waiting"


async def test_no_alarm_is_put_off_for_longer_than_it_would_wait_for_its_turn(desk: Desk) -> None:
    ann, bot = desk.telegram.person("Ann"), desk.bot(per_second=1)
    for _ in range(60):
        await Pacing(desk.database.hot, token=desk.telegram.token, per_second=1).count(outgoing(ann))
    outcome = await sends(bot, ann, Priority.ALARM)
    assert isinstance(outcome, Later) and outcome.own and outcome.seconds <= pacing.URGENT_WAITS


async def test_what_waits_for_its_turn_gets_it(desk: Desk) -> None:
    people = [desk.telegram.person(f"P{number}") for number in range(9)]
    bot, began = desk.bot(per_second=10), time.monotonic()
    done = await asyncio.gather(*(sends(bot, each, Priority.ROUTINE) for each in people))
    assert all(isinstance(each, Sent) for each in done)
    assert time.monotonic() - began >= (9 - 6) / 10, "six at once, then ten a second"
    done = await asyncio.gather(*(sends(bot, each, Priority.ALARM) for each in people))
    assert all(isinstance(each, Sent) for each in done)


@pytest.mark.usefixtures("hurry", "still")
@pytest.mark.parametrize(
    ("priority", "at_once"),
    [
        (Priority.ROUTINE, NEWS_AT_ONCE),
        (Priority.NEWS, NEWS_AT_ONCE),
        (Priority.REPLY, ANSWERS_AT_ONCE),
        (Priority.QUESTION, ANSWERS_AT_ONCE),
        (Priority.ALARM, URGENT_AT_ONCE),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
async def test_in_one_chat_a_few_come_at_once_and_other_chats_do_not_notice(
    desk: Desk, priority: Priority, at_once: int
) -> None:
    ann, ben = desk.telegram.person("Ann"), desk.telegram.person("Ben")
    bot = desk.bot(per_second=1000)
    done = [await sends(bot, ann, priority) for _ in range(at_once + 3)]
    assert [isinstance(each, Sent) for each in done] == [True] * at_once + [False] * 3
    assert isinstance(await sends(bot, ben, priority), Sent)


async def test_a_chat_that_telegram_holds_is_not_asked_again_but_for_what_is_urgent(desk: Desk) -> None:
    ann, ben = desk.telegram.person("Ann"), desk.telegram.person("Ben")
    bot = desk.bot()
    desk.telegram.fault("too_many_requests", method="sendMessage", chat=ann, times=1, retry_after=30)
    first = await sends(bot, ann, Priority.ROUTINE)
    assert isinstance(first, Later) and first.seconds == 30 and not first.own
    second = await sends(bot, ann, Priority.REPLY)
    assert isinstance(second, Later) and second.own and 25 < second.seconds <= 30
    assert len(desk.telegram.calls_of("sendMessage", ann)) == 1
    assert isinstance(await sends(bot, ben, Priority.ROUTINE), Sent)
    assert isinstance(await sends(bot, ann, Priority.ALARM), Sent)


@pytest.mark.usefixtures("hurry")
async def test_processes_share_what_one_bot_may_say(desk: Desk, redis_url: str) -> None:
    people = [desk.telegram.person(f"P{number}") for number in range(20)]
    hots = [RedisHot(redis_url) for _ in range(3)]
    paces = [Pacing(hot, token=desk.telegram.token, per_second=9) for hot in hots]
    began = time.monotonic()
    try:
        free = [await paces[n % 3].turn(outgoing(each, priority=Priority.ROUTINE)) for n, each in enumerate(people)]
    finally:
        for hot in hots:
            await hot.close()
    gone = sum(each is None for each in free)
    assert 6 <= gone <= 6 + 9 * (time.monotonic() - began) + 1
