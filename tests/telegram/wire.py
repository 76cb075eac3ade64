"""What goes over the wire: answers and refusals in Telegram's own form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

JSON = dict[str, Any]


class ApiError(Exception):
    """A refusal, with the code and the words that Telegram uses for it."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(words: str) -> ApiError:
    """Return a 400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {words}")


def too_many_requests(retry_after: int) -> ApiError:
    """Return a 429 that says how long to wait."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def success(result: object) -> web.Response:
    """Return an answer with a result."""
    return web.json_response({"ok": True, "result": result})


def failure(error: ApiError) -> web.Response:
    """Return an answer that refuses."""
    body: JSON = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    headers = {"Retry-After": str(error.parameters["retry_after"])} if "retry_after" in error.parameters else None
    return web.json_response(body, status=error.code, headers=headers)


def unix(moment: datetime) -> int:
    """Return a moment as Telegram writes it: whole seconds."""
    return int(moment.timestamp())
