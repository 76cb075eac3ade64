"""One pool of connections to the Bot API, which tells apart what the library throws together."""

from __future__ import annotations

import json
import logging
from typing import Any

from telegram.error import NetworkError, TelegramError
from telegram.request import HTTPXRequest

# They would log the token, which is in every address, and what is said.
for _talker in ("httpx", "httpcore", "telegram"):
    logging.getLogger(_talker).setLevel(logging.WARNING)

TOO_MANY = 429
LEAST_WAIT = 1.0  # seconds, where Telegram says "too many" and not for how long


class Flooded(TelegramError):
    """Telegram takes nothing more from us for a while, in this chat or at all; the call was not taken."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too Many Requests: for {seconds:g} s")
        self.seconds = seconds


class ServerFault(NetworkError):
    """An answer with 500 or above: Telegram's own, or of something that stands before it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the server answered {status}")
        self.status = status


class Request(HTTPXRequest):
    """As the library's, but 429 and 5xx keep their meaning, and what is not the Bot API's answer is no answer."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Ask, and raise Flooded or ServerFault in place of the library's general errors."""
        status, payload = await super().do_request(*args, **kwargs)
        if status == TOO_MANY:
            raise Flooded(_wait_asked_for(payload))
        if status >= 500:
            raise ServerFault(status)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; raises TelegramError where it is none (the page of a proxy, half an answer).

        The library's own would log all of what it cannot read, and that may be what somebody said.
        """
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ({"result", "description"} & answer.keys()):
            raise TelegramError("not an answer of the Bot API")
        return answer


def _wait_asked_for(payload: bytes) -> float:
    try:
        return max(LEAST_WAIT, float(json.loads(payload)["parameters"]["retry_after"]))
    except (LookupError, TypeError, ValueError):
        return LEAST_WAIT
