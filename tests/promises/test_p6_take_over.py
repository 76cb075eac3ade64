"""P6: of two services on one database one listens to Telegram. It is killed, and the other hears all the rest."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select

from safety_service.store.tables.system import lease
from tests.patience import until
from tests.promises.alive import Alive, alive
from tests.promises.test_p6_killed_at_each_commit import end_of
from tests.stories.harness import serving

WORDS = 6


async def test_a_poller_that_is_killed_is_followed_within_seconds_and_every_word_counts_once(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        place: dict[str, Any] = {"telegram_url": here.telegram.base_url, "telegram_token": here.telegram.token}
        visit_id = await here.inside()
        ends_at = await end_of(here, visit_id)
        first = await _listening(here)
        async with serving(tmp_path / "other", database_url, roles="bot", start=False, **place) as other:
            await other.start(ready=False)
            await until(lambda: "begun as bot" in other.said(), 60)
            for number in range(WORDS):
                await here.phones["Ann"].says("+5")
                if number == WORDS // 2:
                    psutil.Process(first).kill()
            await until(lambda: _is_another(here, first), 60, every=0.1)

            async def counted() -> bool:
                return await end_of(here, visit_id) - ends_at == WORDS * timedelta(minutes=5)

            await here.becomes(counted)
            assert len(await here.put("reply.", "Ann")) == WORDS, "each is answered once"


async def _listening(here: Alive) -> int:
    """The process that holds the lease."""
    await until(lambda: _holder(here), 30, every=0.1)
    return await _holder(here)


async def _holder(here: Alive) -> int:
    async with here.database.reading() as tx:
        holder = (await tx.conn.execute(select(lease.c.holder).where(lease.c.name == "telegram_poller"))).scalar()
    return int(str(holder).split(":")[1]) if holder else 0


async def _is_another(here: Alive, first: int) -> bool:
    return await _holder(here) not in (0, first)
