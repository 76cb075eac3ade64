"""The page of a one-time link for another agency: nobody is signed in here. Opening it acknowledges nothing.

Mail programs and chats open links unasked, so only the button counts. Nothing of the address is handed on, and wrong
links are counted as wrong codes are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from safety_service import guesses
from safety_service.actions import acknowledging
from safety_service.actions.acknowledging import Opened
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.around_page import said_day
from safety_service.web.origin import LINKS
from safety_service.web.pages import message, page

routes = web.RouteTableDef()

PAGE = f"{LINKS}{{token}}"


@routes.get(PAGE)
async def look(request: web.Request) -> web.StreamResponse:
    """The least, and a button. Once acknowledged: only that it was."""
    return await _opened(request, acknowledging.open_link)


@routes.post(PAGE)
async def acknowledge(request: web.Request) -> web.StreamResponse:
    """Somebody says by name that it has arrived."""
    name = str((await request.post()).get("name", ""))
    return await _opened(request, lambda tx, token: acknowledging.acknowledge(tx, token, name))


async def _opened(request: web.Request, work: Callable[[Tx, str], Awaitable[Opened]]) -> web.StreamResponse:
    if not await guesses.may_try(request):
        said = "There were many wrong links from your network. Wait ten minutes, then use your link again."
        return _quiet(message(request, "Too many wrong links", said, status=429, back=""))
    token = request.match_info["token"]
    try:
        opened = await in_transaction(request.app[DATABASE], lambda tx: work(tx, token))
    except NotFound:
        await guesses.was_wrong(request)
        said = "It may have been cut off when it was copied, or a newer one was sent. Ask whoever sent it."
        return _quiet(message(request, "This link does not work", said, status=404, back=""))
    except Refused:
        said = "Go back and say who you are, so that it is known to have arrived."
        return _quiet(message(request, "A name is needed", said, status=422, back=request.path))
    return _quiet(page(request, "acknowledge.html", context=_shown(opened)))


def _shown(opened: Opened) -> dict[str, object]:
    done_at = opened.acknowledged_at
    return {
        "opened": opened,
        "on": said_day(opened.on),
        "done": "" if done_at is None else said_day(done_at.astimezone(opened.zone).date()),
        "most": acknowledging.LONGEST_NAME,
    }


def _quiet(response: web.Response) -> web.Response:
    """The address is a secret: no other site, and not even we ourselves, are told it as where somebody came from."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
