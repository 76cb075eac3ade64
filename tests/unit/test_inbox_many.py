"""The inbox when very many speak at once."""

import pytest

from bots.dialogue.inbox import InboxWorker
from bots.dialogue.incoming import Incoming
from safety_service.store import inbox
from safety_service.store.database import Database, Tx
from tests.patience import until
from tests.unit.test_inbox import running, says

MANY, MOST = 60, 45


async def test_while_many_wait_who_waits_is_not_looked_up_anew_with_each_word(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who waited were gone through after each word: the more they were, the longer each took."""
    heard: list[str] = []
    looks, look = [0], inbox.chats_waiting
    looked_until_then: list[int] = []

    async def counted(tx: Tx, limit: int) -> list[str]:
        looks[0] += 1
        return await look(tx, limit)

    async def handle(tx: Tx, incoming: Incoming) -> None:
        heard.append(incoming.text)
        if len(heard) == MOST:
            looked_until_then.append(looks[0])

    monkeypatch.setattr(inbox, "chats_waiting", counted)
    for number in range(MANY):
        await says(database, f"{number}", chat=f"{number}")
    async with running(InboxWorker(database, handle)):
        await until(lambda: len(heard) == MANY)
        assert looked_until_then == [1]
        await says(database, "one more", chat="another")
        await until(lambda: heard[-1] == "one more")
    assert sorted(heard[:-1]) == sorted(map(str, range(MANY)))
