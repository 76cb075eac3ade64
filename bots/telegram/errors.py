"""What an error of the library says about the message that was being sent."""

from __future__ import annotations

import re

import aiohttp
from telegram.error import BadRequest, Forbidden, InvalidToken, TelegramError

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Refused, Sent, Unknown
from bots.telegram.answers import Unreadable
from bots.telegram.request import Flooded, PoolFull, ServerFault

#: These happen before anything is on its way.
BEFORE_SENDING = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    PoolFull,
)
#: By HTTP's own meaning, 503 was not handled; any other 5xx may be said by a proxy after Telegram took it.
NOT_HANDLED = 503
TOKEN_WAIT = 30.0  # seconds until a token that was refused is tried again
NO_SUCH_CHAT = ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
LONGEST_REASON = 200


def outcome_of(error: TelegramError) -> Outcome:
    """What became of a message whose sending raised this."""
    match error:
        case Flooded():
            return Later(error.seconds)
        case Unreadable():
            # By its answer it took it; only the message's number is not known.
            return Sent("")
        case InvalidToken():
            return Later(TOKEN_WAIT, whole_channel=True)
        case Forbidden() if _said_by_telegram(error):
            return Blocked(reason_of(error))
        case BadRequest() if _said_by_telegram(error):
            gone = any(words in error.message.lower() for words in NO_SUCH_CHAT)
            return Blocked(reason_of(error)) if gone else Refused(reason_of(error))
        case ServerFault(status=status):
            return NotSent(reason_of(error)) if status == NOT_HANDLED else Unknown(reason_of(error))
    return NotSent(reason_of(error)) if isinstance(error.__cause__, BEFORE_SENDING) else Unknown(reason_of(error))


def reason_of(error: TelegramError) -> str:
    """The error in a few words, for tables and logs: without what it quotes, which may be words or a link."""
    cause = error.__cause__
    words = type(cause).__name__ if cause else QUOTED.sub("'…'", error.message)[:LONGEST_REASON]
    return f"{type(error).__name__}: {words}"


def _said_by_telegram(error: TelegramError) -> bool:
    """Whether it was the Bot API that refused, and not something before it that answered with a page."""
    return error.__cause__ is None
