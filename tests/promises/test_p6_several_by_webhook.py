"""P6: several of each, where Telegram posts to whichever web process the proxy has next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.conftest import had
from tests.promises import test_p6_several_of_each as of_each
from tests.promises.several import Several, several, up
from tests.services.redis import start_redis
from tests.services.run import Run
from tests.services.spread import Spread, spread

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proxy() -> AsyncIterator[Spread]:
    """What Telegram knows of both."""
    async with spread() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(service_run: Run, tmp_path_factory: pytest.TempPathFactory, proxy: Spread) -> AsyncIterator[Several]:
    """Two whole services with one address between them."""
    redis = had(start_redis, service_run)
    by_webhook: dict[str, Any] = {"DOORSTEP_TELEGRAM_MODE": "webhook", "DOORSTEP_PUBLIC_URL": proxy.url}
    folder = tmp_path_factory.mktemp("hooked")
    async with several(service_run, folder, redis_url=redis.url, workers=6, start=False, **by_webhook) as made:
        proxy.targets = [made.service.url, made.other.url]
        await asyncio.gather(up(made.service), up(made.other))
        await made.telegram.hooked()
        yield made
    redis.stop()


async def test_words_said_at_both_webs_and_posted_to_either_at_once_are_each_kept_once(
    here: Several, proxy: Spread
) -> None:
    await of_each.test_words_said_at_both_webs_and_in_telegram_at_once_are_each_kept_once(here)
    assert set(proxy.taken) == set(proxy.targets), "only one of them was posted to"
    assert not here.telegram.calls_of("getUpdates")


async def test_a_web_that_is_posted_to_and_a_bot_are_killed_in_the_middle_and_every_word_counts_once(
    here: Several,
) -> None:
    await of_each.test_a_web_and_the_listening_bot_are_killed_in_the_middle_and_every_word_counts_once(here)
    assert not here.telegram.calls_of("getUpdates")
