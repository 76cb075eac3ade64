"""P6 by webhook: kill -9 of the real process between Telegram's post and what follows from it. Heard once, always."""

from datetime import timedelta
from pathlib import Path

from safety_service.store import inbox
from tests.promises.alive import Alive, alive
from tests.promises.test_p6_killed_at_each_commit import end_of

#: Telegram's post is cut off there, or answered and not yet acted on.
POINTS = ("hook:before_commit", "hook:after_commit", "inbox:before_commit")


async def test_a_word_that_telegram_posts_counts_once_wherever_its_process_dies(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url, DOORSTEP_TELEGRAM_MODE="webhook") as here:
        visit_id = await here.inside()
        ends_at = await end_of(here, visit_id)
        await here.telegram.hooked()
        for times, point in enumerate(POINTS, start=1):
            await here.service.ready()
            here.telegram.hold()
            await here.phones["Ann"].says("+10")
            here.service.crash_at(point)
            here.telegram.release()
            await here.service.crashed()
            await here.sees("Ann", "OK. ", times=times)
            await here.becomes(lambda: _everything_heard(here))
            assert await end_of(here, visit_id) - ends_at == times * timedelta(minutes=10), point
        await here.service.ready()
        assert len(await here.put("reply.", "Ann")) == len(POINTS), "each is answered once"
        assert not here.telegram.calls_of("getUpdates")
        assert await here.alerts() == []


async def test_the_first_ways_in_are_changed_and_nothing_that_was_said_meanwhile_is_lost(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url, DOORSTEP_TELEGRAM_MODE="webhook") as here:
        await here.telegram.hooked()
        await here.service.stop()
        await here.phones["Ann"].says("/me")
        here.service.more = {**here.service.more, "DOORSTEP_TELEGRAM_MODE": "polling"}
        await here.service.start()
        await here.sees("Ann", "Ann")
        assert not here.telegram.world.webhook.url, "it is taken down, or it would keep everything from us"


async def _everything_heard(here: Alive) -> bool:
    async with here.database.reading() as tx:
        return await inbox.empty(tx)
