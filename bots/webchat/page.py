"""The chat page, and what keeps it up to date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from bots.webchat.hearing import CHANNEL
from bots.webchat.view import View, view_since
from safety_service.actions import linking
from safety_service.services import DATABASE, SETTINGS, WORDING
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.live import News, stream
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

routes = web.RouteTableDef()


@routes.get("/chat")
async def chat(request: web.Request) -> web.StreamResponse:
    """The page. Whoever opens it can be reached here from now on."""

    async def work(tx: Tx) -> Visitor:
        visitor = await visitor_of(tx, request, via=CHANNEL, keeps=True)
        await linking.open_chat_page(tx, visitor.person_id)
        return visitor

    visitor = await in_transaction(request.app[DATABASE], work)
    return page(request, "chat.html", visitor)


@routes.get("/chat/messages")
async def messages(request: web.Request) -> web.StreamResponse:
    """What was said, oldest first, and how the page stands."""
    return web.json_response(await _view(request, _since(request)))


@routes.get("/chat/events")
async def events(request: web.Request) -> web.StreamResponse:
    """The same, as it happens. A page that comes back says where it was, and misses nothing."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request, via=CHANNEL)
    return await stream(request, [f"person:{visitor.person_id}"], _News(request, _since(request)))


class _News:
    """Looks, and tells only what it has not told on this line."""

    def __init__(self, request: web.Request, since: datetime | None) -> None:
        self._request = request
        self._since = since
        self._told: dict[str, Any] = {}
        self._stands: View | None = None

    async def __call__(self) -> News | None:
        view = await _view(self._request, self._since)
        if view["from"] is None and self._stands is not None and self._stands["from"] is not None:
            # Out again: what was off the screen while they were inside may be seen.
            view = await _view(self._request, None)
        stands = {name: view[name] for name in ("from", "open", "always")}
        new = [each for each in view["messages"] if self._told.get(each["id"]) != each]
        if not new and stands == self._stands:
            return None
        self._told |= {each["id"]: each for each in new}
        self._stands = stands
        self._since = datetime.fromisoformat(view["cursor"])
        return News("view", {**view, "messages": new}, id=view["cursor"])


async def _view(request: web.Request, since: datetime | None) -> View:
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request, via=CHANNEL)
        return await view_since(tx, visitor, since, request.app[WORDING], request.app[SETTINGS].base_url)


def _since(request: web.Request) -> datetime | None:
    """Where the page was: the browser says it when it reconnects by itself, the page's script otherwise."""
    given = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    try:
        since = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        return None
    return since if since.tzinfo is not None else None
