"""The benchmark of words by Telegram: what is posted is what Telegram posts, and what is told of it."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp.test_utils import TestClient, TestServer

from benchmarks import inbox
from benchmarks.clients import oks
from benchmarks.inbox import Found
from benchmarks.scale import QUICK
from benchmarks.sink import Sink
from bots.telegram.hook import HEADER
from bots.telegram.updates import What, read_update


def test_each_of_them_is_an_ok_in_a_chat_of_its_own_as_telegram_posts_it() -> None:
    server = urlsplit("http://127.0.0.1:8080/telegram/hidden")
    posted = list(oks(server, "secret", [(1, 1_000_000), (2, 1_000_001)]))
    for number, each in enumerate(posted):
        head, _, body = each.decode().partition("\r\n\r\n")
        assert head.startswith("POST /telegram/hidden HTTP/1.1\r\n") and f"\r\n{HEADER}: secret\r\n" in head
        assert f"Content-Length: {len(body)}" in head
        heard = read_update(json.loads(body))
        assert heard is not None and (heard.chat_id, heard.what, heard.text) == (1_000_000 + number, What.TEXT, "/ok")
        assert heard.update_id == number + 1


async def test_the_sink_says_which_webhook_is_set() -> None:
    """Otherwise the bot would set it again with every look, all through the measurement."""
    async with TestClient(TestServer(Sink().application())) as telegram:
        await telegram.post("/bot1:x/setWebhook", data={"url": "https://doorstep.example.org/telegram/x"})
        told = await (await telegram.post("/bot1:x/getWebhookInfo")).json()
    assert told["result"]["url"] == "https://doorstep.example.org/telegram/x"
    assert told["result"]["pending_update_count"] == 0


def test_what_is_acted_on_in_a_second_counts_from_the_first_word_to_the_last() -> None:
    began = datetime(2026, 11, 23, 8, tzinfo=UTC)
    handled = [(began + timedelta(seconds=each), began + timedelta(seconds=each + 1)) for each in range(4)]
    found = Found(kept=40.0, handled=handled, used={"service": 0.2, "parent": 0.0})
    rows = {row.what.rpartition(": ")[2]: row for row in inbox.rows_of("sqlite", QUICK, found)}
    assert next(iter(rows.values())).subject == "200 words by Telegram, 4 clients, 400 watched"
    assert (rows["kept"].ours, rows["acted on"].ours) == (40, 1)
    assert rows["p50 acted on after"].ours == pytest.approx(1)
    assert rows["processor time of one, service"].ours == pytest.approx(1)
    assert "processor time of one, parent" not in rows
