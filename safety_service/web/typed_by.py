"""Words that were typed before a session ended are sent again by the same person, and in nobody else's name."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from safety_service.actions.visitors import was
from safety_service.services import DATABASE
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.web.pages import message
from safety_service.web.readable import FORM
from safety_service.web.unsent import Field, Unsent, unsent_of
from safety_service.web.visitor import cookie_name, maybe_visitor

#: Goes along with the words: who was signed in while they were typed.
TYPED_BY = "typed_by"


async def unsent_by(request: web.Request) -> Unsent | None:
    """What was typed when nobody was signed in any more, bound to whoever had this session."""
    unsent, token = await unsent_of(request), request.cookies.get(cookie_name(request))
    if unsent is None:
        return None
    if any(each.name == TYPED_BY for each in unsent.fields):
        return replace(unsent, bound=True)
    if not token:
        return unsent
    try:
        async with request.app[DATABASE].reading() as tx:
            person_id = await was(tx, token)
    except (DatabaseAway, TryAgain):
        return unsent
    if person_id is None:
        return unsent
    return replace(unsent, fields=[*unsent.fields, Field(TYPED_BY, str(person_id))], bound=True)


@web.middleware
async def refuse_words_of_others(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing that somebody else typed on this page is sent in the visitor's name."""
    if request.method == "POST" and request.content_type == FORM:
        given = (await request.post()).get(TYPED_BY)
        if isinstance(given, str) and await _is_another(request, given):
            said = "Somebody else typed it in this browser. Nothing was sent: it would have been in your name."
            return message(request, "These are not your words", said, status=403)
    return await handler(request)


async def _is_another(request: web.Request, given: str) -> bool:
    async with request.app[DATABASE].reading() as tx:
        visitor = await maybe_visitor(tx, request)
    try:
        return visitor is not None and visitor.person_id != UUID(given)
    except ValueError:
        return True
