"""A form of ours on a page, drawn and taken: whatever is wrong with it or refused, what was typed stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aiohttp import web

from config.forms import Form
from safety_service.actions import refusals
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction, in_view
from safety_service.web.acting import ask_why, asked_first, said
from safety_service.web.form_answers import Read, read_answers
from safety_service.web.form_page import Part, Words, form_page
from safety_service.web.pages import refused
from safety_service.web.until_out import WaitsUntilOut, wait_until_out, waits
from safety_service.web.visitor import Visitor, visitor_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A form as it stands on its page. `action`: where it is sent; `back`: where one comes from."""

    form: Form
    words: Words
    heading: str
    action: str
    back: str
    intro: Sequence[str] = ()
    notes: Sequence[str] = ()
    parts: Sequence[Part] = ()
    button: str = "Keep it"
    answers: Mapping[str, Any] = field(default_factory=dict)
    #: Goes back with what is filled in.
    hidden: Mapping[str, str] = field(default_factory=dict)
    #: Where else one can go: the address, and what it says.
    links: Sequence[tuple[str, str]] = ()


Draw = Callable[[Tx, Visitor], Awaitable[Drawn]]
#: Gives the path of the page to go to, or (for what is shown only once) the page itself.
Take = Callable[[Tx, Visitor, Mapping[str, Any]], Awaitable["str | Callable[[], web.Response]"]]


async def show(request: web.Request, subject: str, draw: Draw) -> web.StreamResponse:
    """The empty form; who may not fill it in reads why. Raises NotFound."""

    async def work(tx: Tx) -> tuple[Visitor, Drawn | None, Refused | NotFound | None]:
        visitor = await visitor_of(tx, request, keeps=True)
        await wait_until_out(tx, request, visitor)
        try:
            async with tx.savepoint():
                return visitor, await draw(tx, visitor), None
        except (Refused, NotFound) as why:
            await tx.keep(partial(refusals.note, actor=visitor.actor, doing="look", why=why, subject=subject))
            return visitor, None, why

    visitor, drawn, why = await in_view(request.app[DATABASE], work)
    if drawn is None:
        if why is not None:
            ask_why(request, why)
        return await _refused(request, visitor, why)
    return _page(request, visitor, drawn, drawn.answers)


async def take(request: web.Request, subject: str, doing: str, draw: Draw, do: Take) -> web.StreamResponse:
    """Check what was filled in and do it. Raises NotFound."""
    posted = await request.post()

    async def work(tx: Tx) -> _Taken:
        visitor = await visitor_of(tx, request, keeps=True)
        taken = _Taken(visitor)
        try:
            async with tx.savepoint():
                taken.drawn = await draw(tx, visitor)
                taken.read = read_answers(taken.drawn.form, posted, visitor.known.zone)
                if not taken.read.faults:
                    taken.there = await do(tx, visitor, taken.read.answers)
        except (Refused, NotFound) as why:
            await refusals.note(tx, visitor.actor, doing, why, subject=subject)
            taken.why = why
        taken.waits = taken.there is None and await waits(tx, request, visitor)
        return taken

    return await _answer(request, await in_transaction(request.app[DATABASE], work))


@dataclass(slots=True)
class _Taken:
    visitor: Visitor
    drawn: Drawn | None = None
    read: Read | None = None
    there: str | Callable[[], web.Response] | None = None
    why: Refused | NotFound | None = None
    #: What stands around the form is not for a screen behind a door.
    waits: bool = False


async def _answer(request: web.Request, taken: _Taken) -> web.StreamResponse:
    if taken.waits:
        raise WaitsUntilOut(taken.visitor)
    if isinstance(taken.there, str):
        raise web.HTTPSeeOther(taken.there)
    if taken.there is not None:
        return taken.there()
    if taken.drawn is None or taken.read is None or isinstance(taken.why, NotFound):
        return await _refused(request, taken.visitor, taken.why)
    return _page(request, taken.visitor, taken.drawn, taken.read.typed, taken.read.faults, taken.why)


def _page(
    request: web.Request,
    visitor: Visitor,
    drawn: Drawn,
    answers: Mapping[str, Any],
    faults: Mapping[str, str] | None = None,
    why: Refused | None = None,
) -> web.Response:
    return form_page(
        request,
        drawn.form,
        drawn.words,
        visitor,
        heading=drawn.heading,
        action=drawn.action,
        answers=answers,
        zone=visitor.known.zone,
        faults=faults,
        parts=drawn.parts,
        intro=drawn.intro,
        refused="" if why is None else f"That was not kept. {said(why, visitor)}",
        notes=drawn.notes,
        buttons=(("", drawn.button),),
        hidden=drawn.hidden,
        links=drawn.links,
    )


async def _refused(request: web.Request, visitor: Visitor, why: Refused | NotFound | None) -> web.StreamResponse:
    if not isinstance(why, Refused):
        raise NotFound
    told, first = said(why, visitor), asked_first(why)
    return await refused(request, "That is not yours to do", told, back="/hello", visitor=visitor, first=first)
