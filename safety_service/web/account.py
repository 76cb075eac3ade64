"""Signing in with a work account, and showing again with it that it is oneself; whose accounts speak for whom."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from aiohttp import web

from safety_service.actions import accounts, again
from safety_service.actions.accounts import PAGE, Account
from safety_service.actions.signing_in import SignedIn
from safety_service.domain.browsers import named
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web import again as asking
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_time
from safety_service.web.openid import (
    BACK,
    LASTS,
    SERVICE,
    Attempt,
    Away,
    NotBelieved,
    SignInService,
    opened,
    sealed,
)
from safety_service.web.pages import message, page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor, cookie_name, maybe_visitor, remember, secure, visitor_of

log = logging.getLogger(__name__)
routes = web.RouteTableDef()

#: Of what a form brings back.
LONGEST = 4000
STATES = {"waiting": "Waits for a second person; opens nothing until then", "active": "In use"}
AWAY = "Your agency's sign-in service does not answer. Come in by a link, or try again in a minute."


@routes.get(PAGE + "/enter")
async def enter(request: web.Request) -> web.StreamResponse:
    """Off to the sign-in service. It changes nothing here; the browser keeps what it was sent off with."""
    async with request.app[DATABASE].reading() as tx:
        now = tx.now
    return await _sent_off(request, Attempt.fresh(now))


@routes.get(PAGE + "/again")
async def enter_again(request: web.Request) -> web.StreamResponse:
    """The same, for whoever is signed in here: they sign in there anew, whatever is open there."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
        now = tx.now
    return await _sent_off(request, Attempt.fresh(now, "again", str(visitor.known.session.id)))


@routes.get(PAGE + "/link")
async def enter_to_link(request: web.Request) -> web.StreamResponse:
    """The same, for whoever wants to come in by their work account from now on."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
        now = tx.now
    return await _sent_off(request, Attempt.fresh(now, "link", str(visitor.known.session.id)))


@routes.post(PAGE + "/link")
@asking.asked
async def linked(request: web.Request) -> web.StreamResponse:
    """It is theirs, they say, having seen which one it is."""
    given = str((await request.post()).get("account", ""))[:LONGEST]

    async def work(tx: Tx, visitor: Visitor) -> None:
        try:
            said = opened(given, tx.now)
        except NotBelieved:
            raise Refused("account_gone") from None
        # What an attempt is carried in is sealed here as well, and names no account.
        if said.get("session") != str(visitor.known.session.id) or not {"issuer", "subject"} <= said.keys():
            raise Refused("account_gone")
        await accounts.link(tx, visitor.actor, Account(str(said["issuer"]), str(said["subject"])))

    return await done(request, "link", accounts.KIND, work, back=PAGE)


@routes.get(BACK)
async def back(request: web.Request) -> web.StreamResponse:
    """Whoever comes back from there. It is a GET that acts, once, and only for the browser that was sent off."""
    async with request.app[DATABASE].reading() as tx:
        now = tx.now
    try:
        response = await _came_back(request, now)
    except NotBelieved as why:
        log.warning("a sign-in with a work account was not believed: %s", why)
        said = "Begin again, in this browser, and do not take longer than ten minutes."
        response = message(request, "That did not work", said, status=403)
    except Away as why:
        log.warning("no sign-in with a work account: %s", why)
        response = message(request, "That did not work", AWAY, status=502)
    response.del_cookie(_cookie(request), path="/", secure=secure(request), httponly=True, samesite="Lax")
    return response


@routes.get(PAGE)
async def shown(request: web.Request) -> web.StreamResponse:
    """The visitor's own accounts, and what others ask them to agree to."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[tuple[UUID, str, str]], list[tuple[UUID, str]]]:
        mine = [
            (each.id, STATES[each.state], said_time(each.since, visitor))
            for each in await accounts.mine(tx, visitor.actor)
        ]
        return mine, [(each.id, person.name) for each, person in await accounts.waiting_for(tx, visitor.actor)]

    visitor, (mine, wanted) = await looked(request, accounts.KIND, work)
    context = {"mine": mine, "wanted": wanted, "there": SERVICE in request.app}
    return page(request, "account.html", visitor, context=context)


@routes.post(PAGE + "/{id}/agree")
@asking.asked
async def agreed(request: web.Request) -> web.StreamResponse:
    """It was them: a second person knows."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await accounts.agree(tx, visitor.actor, id_of(request))

    return await done(request, "agree", accounts.KIND, work, back=PAGE)


@routes.post(PAGE + "/{id}/refuse")
async def refused(request: web.Request) -> web.StreamResponse:
    """It was not them, or nobody knows."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await accounts.refuse(tx, visitor.actor, id_of(request))

    return await done(request, "refuse", accounts.KIND, work, back=PAGE)


@routes.post(PAGE + "/{id}/end")
async def ended(request: web.Request) -> web.StreamResponse:
    """It speaks for the visitor no more."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await accounts.end(tx, visitor.actor, id_of(request))

    return await done(request, "end", accounts.KIND, work, back=PAGE)


async def _sent_off(request: web.Request, attempt: Attempt) -> web.Response:
    try:
        address = await _service(request).address(attempt)
    except Away as why:
        log.warning("no sign-in with a work account: %s", why)
        return message(request, "That did not work", AWAY, status=502)
    response = web.Response(status=303, headers={"Location": address})
    response.set_cookie(
        _cookie(request),
        attempt.sealed(),
        max_age=LASTS,
        path="/",
        secure=secure(request),
        httponly=True,
        # Coming back is a step from another site: `Strict` would keep it from us.
        samesite="Lax",
    )
    return response


async def _came_back(request: web.Request, now: datetime) -> web.Response:
    attempt = Attempt.opened(request.cookies.get(_cookie(request), ""), now)
    if "error" in request.query:
        return message(request, "You did not sign in", "Nothing was done. Try again, or come in by a link.", status=403)
    account = await _service(request).account(attempt, request.query, now)
    if attempt.why == "link":
        return await _to_be_linked(request, attempt, account, now)
    return await (_shows(request, attempt, account) if attempt.why == "again" else _comes_in(request, account))


async def _comes_in(request: web.Request, account: Account) -> web.Response:
    label = named(request.headers.get("User-Agent", ""))
    before = request.cookies.get(cookie_name(request), "")
    found = await in_transaction(
        request.app[DATABASE], lambda tx: accounts.sign_in(tx, account, label, instead_of=before)
    )
    if isinstance(found, SignedIn):
        response = web.Response(status=303, headers={"Location": "/"})
        remember(request, response, found.token)
        return response
    if found == "waits":
        said = (
            "Somebody else of your agency agrees to it first, once. They have been told: speak to them.",
            "Until then, come in by a link.",
        )
        return message(request, "This account is new here", *said, status=403)
    said = (
        "Nobody here is known by it. Signing in makes nobody: your administrator adds you, with the same address.",
        "Have you been added? Then your sign-in service does not say that your address is verified.",
    )
    return message(request, "This account is not known here", *said, status=403)


async def _to_be_linked(request: web.Request, attempt: Attempt, account: Account, now: datetime) -> web.Response:
    """Which one it is, and a button: somebody may have been led to sign in there as somebody else."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await maybe_visitor(tx, request)
    if visitor is None or str(visitor.known.session.id) != attempt.session:
        return message(request, "That did not work", "You are not signed in here as you were. Begin again.", status=403)
    carried = {"issuer": account.issuer, "subject": account.subject, "session": attempt.session}
    context = {"account": sealed({**carried, "at": now.timestamp()}), "shown": account.shown or account.subject}
    return page(request, "account_link.html", visitor, context=context)


async def _shows(request: web.Request, attempt: Attempt, account: Account) -> web.Response:
    """Whoever sits there has shown again that it is them: the page that asked is still open beside this one."""

    async def work(tx: Tx) -> bool:
        visitor = await maybe_visitor(tx, request)
        if visitor is None or str(visitor.known.session.id) != attempt.session:
            return False
        if not await accounts.speaks_for(tx, visitor.actor, account):
            return False
        await again.shown(tx, visitor.actor, visitor.known.session, accounts.KIND)
        return True

    if not await in_transaction(request.app[DATABASE], work):
        said = "That account does not speak for whoever is signed in here. Nothing was done."
        return message(request, "That did not work", said, status=403)
    return message(request, "Thank you", "Close this page, go back to the one before, and press Go on.", back="")


def _service(request: web.Request) -> SignInService:
    if SERVICE not in request.app:
        raise web.HTTPNotFound
    return request.app[SERVICE]


def _cookie(request: web.Request) -> str:
    return f"{'__Host-' if secure(request) else ''}doorstep-account"
