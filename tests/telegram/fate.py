"""What becomes of one call: the method's answer, or the fault that was ordered for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from .faults import Fault
from .methods import method
from .params import Params
from .records import Call
from .wire import JSON, ApiError, failure, success, too_many_requests
from .world import World

PROXY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
NOT_KNOWN = ApiError(404, "Not Found: method not found")
#: Answers of a server that does not tell what Telegram does.
SPARSE: dict[str, JSON] = {"true": {"ok": True, "result": True}, "empty": {"ok": True, "result": {}}, "bare": {}}
REASONS = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Fate:
    """Answers one call."""

    def __init__(self, world: World, request: web.Request, call: Call, params: Params) -> None:
        self._world = world
        self._request = request
        self._call = call
        self._params = params

    async def answer(self) -> web.StreamResponse:
        """Take the call as the faults in force have it."""
        fault = self._world.faults.take(self._call.method, self._call.chat)
        if fault is None:
            return await self._perform()
        self._call.fault = fault.kind
        self._world.bell.ring()
        return await self._suffer(fault)

    async def _perform(self) -> web.Response:
        try:
            result = await method.perform(self._world, self._call.method, self._params)
        except ApiError as error:
            return self._refuse(error)
        self._call.status, self._call.result = 200, result
        self._world.bell.ring()
        return success(result)

    def _refuse(self, error: ApiError) -> web.Response:
        self._call.status, self._call.description = error.code, error.description
        self._world.bell.ring()
        return failure(error)

    async def _suffer(self, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "too_many_requests":
                return self._refuse(too_many_requests(fault.retry_after))
            case "not_known":
                return self._refuse(NOT_KNOWN)
            case "not_known_softly":
                self._refuse(NOT_KNOWN)
                return web.json_response({"ok": False, "error_code": 404, "description": NOT_KNOWN.description})
            case "true" | "empty" | "bare":
                await self._perform()
                return web.json_response(SPARSE[fault.kind])
            case "blocked":
                return self._refuse(ApiError(403, "Forbidden: bot was blocked by the user"))
            case "server_error":
                return self._page(fault.status)
            case "cut_before":
                return self._cut()
            case "cut_after":
                await self._perform()
                return self._cut()
            case "garbage":
                await self._perform()
                return web.Response(text="<!doctype html>{not json", content_type="application/json")
        return await self._linger(fault)

    async def _linger(self, fault: Fault) -> web.StreamResponse:
        if fault.kind == "hang_after":
            response = await self._perform()
            await fault.lifted.wait()
            return response
        with suppress(TimeoutError):
            await asyncio.wait_for(fault.lifted.wait(), fault.seconds if fault.kind == "delay" else None)
        gone = self._request.transport is None or self._request.transport.is_closing()
        return self._cut() if gone and fault.kind == "hang_before" else await self._perform()

    def _page(self, status: int) -> web.Response:
        self._call.status = status
        title = f"{status} {REASONS.get(status, 'Error')}"
        return web.Response(text=PROXY_PAGE.format(title), status=status, content_type="text/html")

    def _cut(self) -> web.Response:
        if self._request.transport is not None:
            self._request.transport.close()
        return web.Response()
