"""What we need of the Bot API's answers, and nothing of the rest.

The library insists on all that Telegram documents. A server like Telegram's that leaves out what nobody here reads must
not make of an alarm that it took one that is not known to be taken, nor keep us from hearing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from telegram import Bot
from telegram.error import TelegramError

log = logging.getLogger(__name__)

JSON = dict[str, Any]
FAILED = ("last_error_date", "last_error_message")


class Unreadable(TelegramError):
    """It was taken, and the answer does not tell what we have to know of it."""


class Line(Bot):
    """The library's bot, which reads no more of an answer than we need."""

    async def _post(self, endpoint: str, data: JSON | None = None, **how: Any) -> Any:
        """Raises Unreadable."""
        answer = await super()._post(endpoint, data, **how)
        read = _READ.get(endpoint)
        if read is None:
            return answer
        try:
            return read(answer)
        except (LookupError, TypeError, ValueError) as error:
            raise Unreadable(f"what {endpoint} is answered with cannot be read") from error


def _message(answer: Any) -> JSON:
    return {"message_id": int(answer["message_id"]), "date": 0, "chat": {"id": 0, "type": "private"}}


def _me(answer: Any) -> JSON:
    return {"id": 0, "is_bot": True, "first_name": "", "username": str(answer["username"])}


def _file(answer: Any) -> JSON:
    path, size = str(answer["file_path"]), answer.get("file_size")
    known = {"file_size": size} if isinstance(size, int) else {}
    return {"file_id": "", "file_unique_id": "", "file_path": path, **known}


def _hook(answer: Any) -> JSON:
    needed = {"url": str(answer["url"]), "pending_update_count": int(answer["pending_update_count"])}
    return {name: answer[name] for name in FAILED if name in answer} | needed | {"has_custom_certificate": False}


def _updates(answer: Any) -> list[JSON]:
    if not isinstance(answer, list):
        raise TypeError
    found = [each for each in answer if isinstance(each, dict) and isinstance(each.get("update_id"), int)]
    if len(found) < len(answer):
        log.error("Updates without a number cannot be kept and are lost: %d", len(answer) - len(found))
    return found


_READ: Mapping[str, Callable[[Any], Any]] = {
    "getFile": _file,
    "getMe": _me,
    "getUpdates": _updates,
    "getWebhookInfo": _hook,
    "sendMessage": _message,
}
