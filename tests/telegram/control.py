"""The control interface: the test's side of Telegram, over HTTP.

`POST /control/{target}/{action}` with `{"args": […], "kwargs": {…}}` does `action` on the target, which is `telegram`,
`phone:KEY`, `group:KEY` or `fault:NUMBER`; the answer is `{"result": …}` or `{"error": {"type": …, "message": …}}`.
"""

from __future__ import annotations

import inspect
from typing import Any

from aiohttp import web

from .codec import MARK, decode, encode
from .faults import Fault
from .group import Group
from .phone import Phone
from .stage import Stage
from .wire import JSON

HIDDEN = frozenset({"world", "phones", "groups", "start", "stop", "stops_listening", "listens_again"})


class Control:
    """Does on the stage what a request asks for."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            body: JSON = await request.json() if request.can_read_body else {}
            args = decode(body.get("args", []), self._named)
            kwargs = decode(body.get("kwargs", {}), self._named)
            result = await self._do(request.match_info["target"], request.match_info["action"], args, kwargs)
            return web.json_response({"result": encode(result, name_of)})
        except (AssertionError, LookupError, ValueError, TypeError) as error:
            return web.json_response({"error": {"type": type(error).__name__, "message": str(error)}}, status=400)

    async def _do(self, target: str, action: str, args: list[Any], kwargs: JSON) -> Any:
        if action.startswith("_") or action in HIDDEN:
            raise ValueError(f"There is no action {action}.")
        kind, _, key = target.partition(":")
        attribute = getattr(self._named({MARK: kind, "key": key}), action, None)
        if attribute is None:
            raise ValueError(f"There is no action {action}.")
        result = attribute(*args, **kwargs) if callable(attribute) else attribute
        return await result if inspect.isawaitable(result) else result

    def _named(self, name: JSON) -> Stage | Phone | Group | Fault:
        match name[MARK]:
            case "telegram":
                return self._stage
            case "phone":
                return self._stage.phones[name["key"]]
            case "group":
                return self._stage.groups[int(name["key"])]
            case "fault":
                return self._stage.world.faults.get(int(name["key"]))
        raise ValueError(f"There is nothing called {name[MARK]}.")


def name_of(value: Any) -> JSON | None:
    """Return the name by which a phone, group or fault is passed, with what a caller wants to know of it."""
    match value:
        case Phone():
            return {MARK: "phone", "key": value.key, "chat_id": value.chat_id, "name": value.name}
        case Group():
            return {MARK: "group", "key": value.key, "chat_id": value.chat_id}
        case Fault():
            return {MARK: "fault", "key": str(value.number)}
    return None
