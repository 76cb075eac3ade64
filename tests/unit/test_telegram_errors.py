"""The same error means different things: taken, not taken, perhaps taken."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Refused, Unknown
from bots.telegram.errors import outcome_of, reason_of
from bots.telegram.request import Flooded, PoolFull, Request, ServerFault

KEY = ConnectionKey("api.example", 443, True, True, None, None, None)


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Flooded(30), Later),
        (InvalidToken(), Later),
        (Forbidden("Forbidden: bot was blocked by the user"), Blocked),
        (Forbidden("Forbidden: user is deactivated"), Blocked),
        (BadRequest("Bad Request: chat not found"), Blocked),
        (BadRequest("Bad Request: message is too long"), Refused),
        (caused(TimedOut(), PoolFull()), NotSent),
        (caused(TimedOut(), aiohttp.ConnectionTimeoutError("")), NotSent),
        (caused(TimedOut(), aiohttp.SocketTimeoutError("")), Unknown),
        (caused(TimedOut(), TimeoutError("")), Unknown),
        (caused(NetworkError("x"), aiohttp.ClientConnectorDNSError(KEY, OSError("refused"))), NotSent),
        (caused(NetworkError("x"), aiohttp.ClientOSError("cut")), Unknown),
        (caused(NetworkError("x"), aiohttp.ServerDisconnectedError("cut")), Unknown),
        (ServerFault(503), NotSent),
        (ServerFault(500), Unknown),
        (ServerFault(502), Unknown),
        (ServerFault(504), Unknown),
        (TelegramError("not an answer of the Bot API"), Unknown),
        # Something before Telegram that answers with a page has not blocked or refused anything.
        (caused(Forbidden("Forbidden (403)"), TelegramError("not an answer of the Bot API")), Unknown),
        (caused(BadRequest("Bad Request (400)"), TelegramError("not an answer of the Bot API")), Unknown),
    ],
)
def test_every_error_means_what_it_means(error: TelegramError, kind: type[Outcome]) -> None:
    assert isinstance(outcome_of(error), kind)


def test_a_flooded_chat_is_asked_for_its_time_and_nobody_else_waits() -> None:
    assert outcome_of(Flooded(17)) == Later(17, whole_channel=False)


def test_a_token_that_is_not_accepted_concerns_everybody() -> None:
    outcome = outcome_of(InvalidToken())
    assert isinstance(outcome, Later) and outcome.whole_channel


def test_a_reason_quotes_neither_links_nor_words() -> None:
    error = BadRequest("Bad Request: inline keyboard button URL 'https://x.example/in/secret' is invalid: no host")
    assert reason_of(error) == "BadRequest: Inline keyboard button url '…' is invalid: no host"
    page = caused(Forbidden("Forbidden (403). Parsing the server response b'<p>Mill Lane' failed"), TelegramError("x"))
    assert "Mill" not in reason_of(page)


@pytest.mark.parametrize("payload", [b"", b"<html>", b"[]", b"3", b'{"ok": true}', b"\xff"])
def test_what_is_no_answer_is_not_read_and_not_logged(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TelegramError):
        Request.parse_json_payload(payload)
    assert not caplog.records
