"""Pages that rest while their reader is inside: nothing on that screen says then whose home it is, where, or why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from aiohttp import web

from safety_service.actions import refusals
from safety_service.actions.ties import REASON_WANTED
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web.acting import Work, looked, said
from safety_service.web.pages import message
from safety_service.web.unsent import unsent_of
from safety_service.web.until_out import READS, wait_until_out
from safety_service.web.visitor import Visitor

Result = TypeVar("Result")
Draw = Callable[[Visitor, Result], web.StreamResponse]


async def show(
    request: web.Request, subject: str, work: Work[Result], draw: Draw[Result], *, rests: bool = True
) -> web.StreamResponse:
    """The page of what `work` finds; while its reader is inside a page that says nothing; refused, why.

    `rests`: off for what keeps something that was typed. Raises NotFound.
    """

    unsent = await unsent_of(request)

    async def whole(tx: Tx, visitor: Visitor) -> Callable[[Visitor], web.StreamResponse]:
        if rests and request.method not in READS:  # what is only looked at has waited already
            await wait_until_out(tx, request, visitor)
        try:
            async with tx.savepoint():
                found = await work(tx, visitor)
        except Refused as why:
            if why.code == REASON_WANTED:
                raise
            await tx.keep(partial(refusals.note, actor=visitor.actor, doing="look", why=why, subject=subject))
            told = said(why, visitor)
            return lambda visitor: message(
                request, "That is not yours to do", told, status=409, visitor=visitor, unsent=unsent
            )
        return lambda visitor: draw(visitor, found)

    visitor, drawn = await looked(request, subject, whole)
    return drawn(visitor)
