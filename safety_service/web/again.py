"""Asking again who sits there, before what cannot be taken back, or what changes who may do what and who hears.

Whatever was typed goes to the page that asks, and from there, with the code, to where it was sent at first: nothing of
it is lost, and nothing of it is kept on the way. Put `@again.asked` below the route of what only a POST does; never on
what takes an alert, nor on what a worker does out there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from uuid import UUID

from aiohttp import web
from multidict import MultiMapping

from bots.dialogue.known import the_wording
from safety_service.actions import accounts, again, phrases, refusals
from safety_service.actions.again import Asked
from safety_service.domain.addresses import hidden
from safety_service.domain.reaching import CHATS
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE, HOT, SETTINGS
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.acting import said
from safety_service.web.openid import SERVICE
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Given = MultiMapping[object]
When = Callable[[web.Request, Given], bool]

#: The code that was typed; to which channel it is to be sent (or sent again).
CODE, SEND = "again_code", "again_send"
#: What the page that asks adds to a form.
OWN = frozenset({CODE, SEND})
#: Longer is no code.
LONGEST = 40


def asked(handler: Handler) -> Handler:
    """A handler that is called only when the visitor has shown lately that it is them."""
    return asked_when(_always)(handler)


def asked_at_rest(handler: Handler) -> Handler:
    """The same for what is everybody's own: who is out on a visit is never asked there, whatever else is refused."""
    return asked_when(_always, of_who_is_out=False)(handler)


def asked_when(when: When, *, of_who_is_out: bool = True) -> Callable[[Handler], Handler]:
    """The same, where only some of what the handler does needs it."""

    def around(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            wanted = when(request, await request.post())
            answer = await ask(request, of_who_is_out=of_who_is_out) if wanted else None
            return await handler(request) if answer is None else answer

        # So that a test sees which pages ask.
        guarded.asks_again = True  # type: ignore[attr-defined]
        return guarded

    return around


def _always(_request: web.Request, _given: Given) -> bool:
    return True


async def ask(request: web.Request, *, of_who_is_out: bool = True) -> web.Response | None:
    """The page that asks, or None when there is no need. Raises HTTPUnauthorized."""
    given = await request.post()
    settings, hot = request.app[SETTINGS], request.app[HOT]
    offered = frozenset(settings.providers) | ({"telegram"} if settings.telegram_token else frozenset())

    async def work(tx: Tx) -> tuple[Visitor, Asked | None]:
        visitor = await visitor_of(tx, request, keeps=True)
        session = visitor.known.session
        if again.is_fresh(session, tx.now) or (not of_who_is_out and await phrases.is_out(tx, visitor.actor)):
            return visitor, None
        account = SERVICE in request.app and await accounts.speaks(tx, visitor.actor)
        if SEND in given or CODE not in given:
            sent = await again.send(tx, hot, visitor.actor, session, offered, _chosen(given))
            return visitor, replace(sent, account=account)
        try:
            await again.show(tx, hot, visitor.actor, session, str(given[CODE])[:LONGEST])
        except Refused as why:
            await refusals.note(tx, visitor.actor, "show", why, subject="session", subject_id=session.id)
            return visitor, Asked(ways=await again.ways(tx, visitor.actor, session, offered), account=account, why=why)
        return visitor, None

    visitor, wanted = await in_transaction(request.app[DATABASE], work)
    return None if wanted is None else _page(request, visitor, wanted, given)


def _chosen(given: Given) -> UUID | None:
    try:
        return UUID(str(given.get(SEND, "")))
    except ValueError:
        return None


def _page(request: web.Request, visitor: Visitor, wanted: Asked, given: Given) -> web.Response:
    context = {
        "action": request.path_qs,
        "typed": list(_typed(given)),
        "sent_to": "" if wanted.sent_to is None else _named(wanted.sent_to),
        "ways": [(each.id, _named(each)) for each in wanted.ways],
        "shown": wanted.shown,
        "account": wanted.account,
        "fault": "" if wanted.why is None else said(wanted.why, visitor),
    }
    status = HTTPStatus.FORBIDDEN if wanted.why is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return page(request, "again.html", visitor, status=status, context=context)


def _typed(given: Given) -> Iterator[tuple[str, str]]:
    """What goes on with the code, in its order. A file does not: a page cannot hold it."""
    for name, value in given.items():
        if name not in OWN and isinstance(value, str):
            yield name, value


def _named(way: Channel) -> str:
    kind = the_wording().label(f"kind.{way.kind}")
    return kind if way.kind in CHATS else f"{kind} to {hidden(way.kind, way.address)}"
