"""The inbox when very many speak at once."""

import pytest

from bots.dialogue.inbox import InboxWorker, take_in
from bots.dialogue.incoming import Incoming
from bots.dialogue.urgency import cannot_wait
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


@pytest.mark.parametrize(
    "payload",
    [{"text": "/sos"}, {"text": "Office now!"}, {"text": "/ringme"}, {"token": "help"}, {"token": "take"}],
)
async def test_a_call_for_help_waits_behind_nobody_elses_ok(database: Database, payload: dict[str, str]) -> None:
    """After an outage it stood behind thousands of them, for half a minute."""
    for number in range(3):
        await says(database, "ok", chat=f"{number}", number=f"{number}")
    await says(database, "in", chat="cries")
    async with database.transaction() as tx:
        await take_in(tx, "telegram", "9", "cries", None, tx.now, {"kind": "text", "text": "", "token": "", **payload})
    async with database.reading() as tx:
        first, *_ = await inbox.chats_waiting(tx, 10)
        assert first == inbox.index_of(tx, "telegram", "cries")
    async with database.transaction() as tx:
        word = await inbox.claim(tx, first)
    assert word is not None and word.payload["text"] == "in", "what one has said is still heard in order"


async def test_what_only_its_speaker_knows_for_a_call_for_help_goes_before_nobody() -> None:
    assert not any(
        cannot_wait({"text": each}) for each in ("ok", "okay", "All fine, thanks", "in", "+15", "the blue file")
    )
