"""What waits with Telegram: when it fails to come in, and until when everything is known to be here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import WebhookInfo

from bots.telegram import hook_keeper
from bots.telegram.api import Api
from bots.telegram.hook import Hook
from bots.telegram.hook_keeper import AT_ONCE, HookKeeper
from bots.telegram.listening import POLLED, heard_until
from bots.telegram.request import UnknownMethod
from safety_service.store import stamps
from tests.unit.telegram_desk import QUICK
from tests.world import World

LOOK = timedelta(seconds=3)
STUCK = 10.0
URL = "https://doorstep.example.org/telegram/hidden"


@dataclass
class Telegram:
    """As much of it as says how its webhook does."""

    waiting: int = 0
    error_at: datetime | None = None
    asked: int = 0
    tells: bool = True

    async def get_webhook_info(self) -> WebhookInfo:
        if not self.tells:
            raise UnknownMethod("the server answered 404")
        return WebhookInfo(URL, False, self.waiting, last_error_date=self.error_at)

    async def set_webhook(self, *_: Any, **__: Any) -> None:
        self.asked += 1


class Keeping:
    """One that keeps the webhook and looks every three seconds, by a clock that is moved by hand."""

    def __init__(self, world: World) -> None:
        self.world, self.telegram, self.steady = world, Telegram(), 1000.0
        self.keeper: HookKeeper

    def begin(self) -> None:
        hook = cast("Hook", SimpleNamespace(path="/telegram/hidden", secret="s"))
        api = cast("Api", SimpleNamespace(rest=self.telegram))
        pace = replace(QUICK, look=0.0, stuck=STUCK, grace=5.0)
        self.keeper = HookKeeper(
            api, self.world.database, hook, base_url="https://doorstep.example.org", holder="one", pace=pace
        )

    async def looks(self, *waiting: int, fails: bool = False) -> None:
        for each in waiting:
            self.world.clock.move(LOOK)
            self.steady += LOOK.total_seconds()
            self.telegram.waiting = each
            if fails:
                self.telegram.error_at = self.world.now
            await self.keeper.step()

    async def stuck(self) -> bool:
        async with self.world.database.reading() as tx:
            last = await stamps.last(tx, POLLED)
        return last is not None and bool(last.info["stuck"])

    async def heard(self) -> datetime | None:
        async with self.world.database.reading() as tx:
            return heard_until(await stamps.last(tx, POLLED))


@pytest.fixture
async def keeping(world: World, monkeypatch: pytest.MonkeyPatch) -> Keeping:
    made = Keeping(world)
    monkeypatch.setattr(hook_keeper, "_steady", lambda: made.steady)
    made.begin()
    return made


async def test_one_failure_while_people_speak_all_the_time_is_over_once_nothing_fails_any_more(
    keeping: Keeping,
) -> None:
    await keeping.looks(0, 2)
    await keeping.looks(2, fails=True)
    await keeping.looks(3, 1, 2, 4, 2)
    assert keeping.telegram.asked == 2, "what failed once may wait with Telegram: it is asked to try again"
    await keeping.looks(2, 3, 1, 2, 3)
    assert not await keeping.stuck()
    assert keeping.telegram.asked == 2


async def test_what_goes_on_failing_is_said_for_as_long_as_it_is_so_and_so_is_a_queue_that_is_long(
    keeping: Keeping,
) -> None:
    await keeping.looks(0)
    await keeping.looks(*[2] * 5, fails=True)
    for _ in range(10):
        await keeping.looks(2, fails=True)
        assert await keeping.stuck()
    assert keeping.telegram.asked == 3
    await keeping.looks(*[AT_ONCE + 1] * 10)
    assert await keeping.stuck()
    await keeping.looks(AT_ONCE)
    assert not await keeping.stuck()


async def test_what_waits_for_longer_than_a_post_takes_may_hang_and_nothing_is_known_of_what_was_said_since(
    keeping: Keeping,
) -> None:
    await keeping.looks(0)
    empty_at = keeping.world.now
    assert await keeping.heard() == empty_at
    await keeping.looks(1, 2)
    assert await keeping.heard() == empty_at + LOOK, "a post or two are on their way"
    await keeping.looks(1, 1, 3, 1)
    assert await keeping.heard() == empty_at + LOOK
    await keeping.looks(0)
    assert await keeping.heard() == keeping.world.now


async def test_a_server_that_never_tells_is_believed_to_bring_at_once_what_is_said(keeping: Keeping) -> None:
    keeping.telegram.tells = False
    await keeping.looks(0, 0)
    assert await keeping.heard() is None, "what had waited is on its way"
    await keeping.looks(0)
    assert await keeping.heard() == keeping.world.now - LOOK
    await keeping.looks(0)
    assert await keeping.heard() == keeping.world.now - LOOK


async def test_of_one_that_told_before_nothing_is_known_while_it_does_not(keeping: Keeping) -> None:
    await keeping.looks(0)
    empty_at = keeping.world.now
    keeping.telegram.tells = False
    await keeping.looks(*[0] * 10)
    assert await keeping.heard() == empty_at
    keeping.telegram.tells = True
    await keeping.looks(0)
    assert await keeping.heard() == keeping.world.now


async def test_where_nobody_tells_whether_it_is_set_it_is_set_again_every_minute(keeping: Keeping) -> None:
    keeping.telegram.tells = False
    await keeping.looks(*[0] * 43)
    assert keeping.telegram.asked == 3
