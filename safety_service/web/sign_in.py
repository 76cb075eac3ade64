"""Signing in with a link that works once. Opening the link does nothing: mail programs and chats open links unasked."""

from __future__ import annotations

from aiohttp import web

from safety_service import guesses
from safety_service.actions import email_links, phrases, signing_in
from safety_service.domain.browsers import named
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE, SETTINGS
from safety_service.transact import in_transaction
from safety_service.web.pages import message, page
from safety_service.web.visitor import Visitor, cookie_name, forget, maybe_visitor, remember, visitor_of
from safety_service.web.welcome import welcome

routes = web.RouteTableDef()

LONGEST_ADDRESS = 254  # characters
#: What the browser is told to forget when somebody signs out. Not "cookies": the agency's other sites would go, too.
FORGET = '"cache", "storage"'


@routes.get("/")
async def front(request: web.Request) -> web.StreamResponse:
    """To the page that the visitor came for; a stranger reads how to get a link."""
    visitor = await _who(request)
    if visitor is None:
        return welcome(request)
    raise web.HTTPSeeOther(visitor.home)


@routes.get("/hello")
async def hello(request: web.Request) -> web.StreamResponse:
    """Who you are here, and what there is for you; of danger and words nothing while the visitor is out."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await maybe_visitor(tx, request)
        out = visitor is not None and await phrases.is_out(tx, visitor.actor)
    if visitor is None:
        raise web.HTTPSeeOther("/")
    return page(request, "hello.html", visitor, context={"out": out})


@routes.get("/in/{code}")
async def enter(request: web.Request) -> web.StreamResponse:
    """One button. The code is not looked at yet."""
    return page(request, "enter.html")


@routes.post("/in/{code}")
async def sign_in(request: web.Request) -> web.StreamResponse:
    """Use the code up and remember the browser."""
    code = request.match_info["code"]
    if not await guesses.may_try(request) and not await _would(request, code):
        said = "There were many wrong links from your network, and this is one. Look at the message again."
        return message(request, "Too many wrong links", said, status=429)
    label = named(request.headers.get("User-Agent", ""))
    before = request.cookies.get(cookie_name(request), "")
    try:
        signed_in = await in_transaction(
            request.app[DATABASE],
            lambda tx: signing_in.sign_in(tx, code, label, kind="web", instead_of=before),
        )
    except Refused as refused:
        await guesses.was_wrong(request)
        return message(request, "This link does not work", _why(refused.code), "Ask for a new one.", status=403)
    response = web.HTTPSeeOther("/")
    remember(request, response, signed_in.token)
    raise response


@routes.post("/in")
async def asked(request: web.Request) -> web.StreamResponse:
    """Send a link by e-mail. The answer is the same for everybody: it says nothing of who is known here."""
    given = str((await request.post()).get("email", ""))[:LONGEST_ADDRESS]
    if "email" not in request.app[SETTINGS].providers:
        raise web.HTTPNotFound
    async with request.app[DATABASE].reading() as tx:
        there = await email_links.known(tx, given)
    if there is not None:
        await in_transaction(request.app[DATABASE], lambda tx: email_links.send(tx, given))
    return message(
        request,
        "Look into your mail",
        "If you have proven this address here, a link is on its way. It works once, for an hour.",
        "Nothing arrives? Look at the address again, or ask your manager or your administrator for a link.",
        "If you asked some times within the last hour, use one of the links that you have.",
    )


@routes.post("/out")
async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session. Watching and duty go on: they end in their own ways only."""
    async with request.app[DATABASE].transaction() as tx:
        visitor = await visitor_of(tx, request)
        await signing_in.end(tx, visitor.actor, visitor.known.session.id)
    response = message(
        request,
        "You are signed out",
        "Nothing that is being watched has ended by this, and nor has your duty.",
        "To come back you need a new link.",
    )
    forget(request, response)
    response.headers["Clear-Site-Data"] = FORGET
    return response


async def _who(request: web.Request) -> Visitor | None:
    async with request.app[DATABASE].reading() as tx:
        return await maybe_visitor(tx, request)


async def _would(request: web.Request, code: str) -> bool:
    """Nobody guesses a code of 128 bits: whoever has one is let in, however many wrong ones came from their network."""
    async with request.app[DATABASE].reading() as tx:
        return await signing_in.would_sign_in(tx, code)


def _why(code: str) -> str:
    sentences = {
        "code_used": "It was used already. Each link works once.",
        "code_expired": "It is older than 24 hours, or a newer one was made for you.",
    }
    return sentences.get(code, "It may have been cut off when it was copied.")
