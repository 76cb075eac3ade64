"""What a page does for its visitor: one transaction, refusals kept and said in the sentence that the chat would say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web

from bots.dialogue.render import render
from safety_service.actions import families, refusals
from safety_service.actions.errors import NotFound
from safety_service.actions.ties import REASON_WANTED
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction, in_view
from safety_service.web.pages import refused
from safety_service.web.until_out import READS, wait_until_out
from safety_service.web.visitor import Visitor, visitor_of

Result = TypeVar("Result")
Work = Callable[[Tx, Visitor], Awaitable[Result]]

#: A form as it was sent, with the sentence of the refusal on top.
Again = Callable[[str], Awaitable[web.StreamResponse]]

#: Our own page carries all that there is to say.
CHANNEL, CEILING = "webchat", "case"


async def looked(
    request: web.Request, subject: str, work: Work[Result], *, writes: bool | None = None
) -> tuple[Visitor, Result]:
    """What a page shows, and to whom; what is not theirs to know is kept in the log. Raises NotFound.

    `writes`: whether it keeps more than who read it, so that those who write wait; left out, what is sent does.
    """
    if writes is None:
        writes = request.method not in READS

    async def unless_inside(tx: Tx, visitor: Visitor) -> Result:
        if not writes:
            await wait_until_out(tx, request, visitor)
        return await work(tx, visitor)

    run = in_transaction if writes else in_view
    visitor, found, why = await run(request.app[DATABASE], _tried(request, "look", subject, unless_inside))
    if why is not None:
        ask_why(request, why)
        raise NotFound
    assert found is not None
    return visitor, found


def asked_first(why: Refused | NotFound) -> str:
    """The page where somebody says why they open a family, when that is all that is wanted of them; else nothing."""
    if isinstance(why, Refused) and why.code == REASON_WANTED:
        return families.page_of(str(why.facts["ref"]), "open")
    return ""


def ask_why(request: web.Request, why: Refused | NotFound) -> None:
    """Whoever only has to say why they open a family is led to where it is asked, and from there back to here."""
    there = asked_first(why)
    if there:
        raise web.HTTPSeeOther(f"{there}?back={quote(request.path_qs, safe='')}")


async def done(
    request: web.Request,
    doing: str,
    subject: str,
    work: Work[str | None],
    *,
    back: str,
    shows: bool = True,
    again: Again | None = None,
) -> web.StreamResponse:
    """Do it, then show the page that `work` names, or the one to go back to.

    If it is refused, a page that says why, with what was typed. `shows`: off for what may be on no screen out there,
    and for what is kept already; `again`: draws the page's own form with it.

    Raises NotFound.
    """
    visitor, there, why = await in_transaction(request.app[DATABASE], _tried(request, doing, subject, work))
    if isinstance(why, NotFound):
        raise why
    if why is not None and again is not None:
        return await again(said(why, visitor))
    if why is not None:
        told, first = said(why, visitor), asked_first(why)
        return await refused(request, "That was not done", told, back=back, visitor=visitor, shows=shows, first=first)
    raise web.HTTPSeeOther(there or back)


def said(why: Refused, visitor: Visitor) -> str:
    """The sentence of a refusal."""
    shown = render(f"refused.{why.code}", why.facts, channel=CHANNEL, ceiling=CEILING, zone=visitor.known.zone)
    return shown.text


def _tried(
    request: web.Request, doing: str, subject: str, work: Work[Result]
) -> Callable[[Tx], Awaitable[tuple[Visitor, Result | None, Refused | NotFound | None]]]:
    """`work` for whoever is signed in, in a savepoint; what is refused is undone and kept in the log."""

    async def whole(tx: Tx) -> tuple[Visitor, Result | None, Refused | NotFound | None]:
        visitor = await visitor_of(tx, request, keeps=True)
        try:
            async with tx.savepoint():
                return visitor, await work(tx, visitor), None
        except (Refused, NotFound) as why:
            await tx.keep(partial(refusals.note, actor=visitor.actor, doing=doing, why=why, subject=subject))
            return visitor, None, why

    return whole
