"""A form that cannot be decoded: whoever sent it hears so, and it is no failure of ours."""

from __future__ import annotations

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.typedefs import Handler

#: Not what carries a file: nobody's megabytes are read to say no.
FORM = "application/x-www-form-urlencoded"
#: Bytes that are no text, an encoding that nobody knows, parts that are none.
UNREADABLE = (ValueError, LookupError, RuntimeError, BadHttpMessage)
SAID = "What was sent cannot be read as a form. Nothing was done: send it from our own page."


async def is_readable(request: web.Request) -> bool:
    """Whether its form can be decoded; what is none, can. Raises HTTPRequestEntityTooLarge."""
    try:
        given = await request.post()
    except UNREADABLE:
        return False
    # Read once more, a form in parts that broke off is empty.
    return bool(given) or not request.content_type.startswith("multipart/")


@web.middleware
async def refuse_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 to a form that cannot be decoded."""
    if request.method == "POST" and request.content_type == FORM and not await is_readable(request):
        raise web.HTTPBadRequest(text=SAID)
    try:
        return await handler(request)
    except UNREADABLE:
        # What carries a file is read by its page alone: what failed there may have been something else.
        if await is_readable(request):
            raise
        raise web.HTTPBadRequest(text=SAID) from None
