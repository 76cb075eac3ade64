"""A page with a form of its own: whatever is refused, what was typed stays, and the sentence stands at its field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from multidict import MultiDict, MultiMapping

from safety_service.actions import refusals
from safety_service.actions.errors import NotFound
from safety_service.domain.local_time import BadTime, read_time
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.acting import looked, said
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

#: Longest that a single line may be.
LINE = 500


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, or chosen."""

    given: MultiMapping[object] = field(default_factory=MultiDict)
    #: It was sent: what is not in it was left empty.
    sent: bool = False

    def get(self, name: str, otherwise: str = "") -> str:
        """A line; `otherwise`: what the page begins with."""
        value = self.given.get(name, "" if self.sent else otherwise)
        return value.strip()[:LINE] if isinstance(value, str) else ""

    def text(self, name: str) -> str:
        """All of it, however long."""
        value = self.given.get(name, "")
        return value if isinstance(value, str) else ""

    def has(self, name: str, value: str, *, otherwise: bool = False) -> bool:
        """Whether this was ticked; `otherwise`: whether the page begins so."""
        return value in self.given.getall(name, []) if self.sent else otherwise

    def all(self, name: str) -> list[str]:
        """Everything that was ticked."""
        return [each for each in self.given.getall(name, []) if isinstance(each, str)]

    def id(self, name: str) -> UUID | None:
        """Who or what was chosen; None: nobody."""
        try:
            return UUID(self.get(name))
        except ValueError:
            return None

    def moment(self, name: str, zone: ZoneInfo, *, ending: bool = False) -> datetime:
        """A local time. Raises Refused `time_unknown`."""
        try:
            return read_time(self.get(name), zone, ending=ending)
        except BadTime:
            raise Refused("time_unknown") from None

    def day(self, name: str) -> date | None:
        """A day; None: none, or what is none."""
        try:
            return date.fromisoformat(self.get(name))
        except ValueError:
            return None


Draw = Callable[[Tx, Visitor], Awaitable[Mapping[str, Any]]]
#: Gives the path of the page to go to, or (for what is shown only once) what makes the page.
Do = Callable[[Tx, Visitor, Typed], Awaitable["str | Callable[[Visitor], web.Response]"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form on a page: its template, what the template needs, and at which field which refusal stands."""

    subject: str
    template: str
    draw: Draw
    at: Mapping[str, str] = field(default_factory=dict)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page as it begins; its address may bring what stands in the fields. Raises NotFound."""
        visitor, context = await looked(request, self.subject, self.draw)
        return self._page(request, visitor, context, Typed(request.query), None)

    async def take(self, request: web.Request, doing: str, do: Do) -> web.StreamResponse:
        """Do what was filled in, or show it again with what is wrong. Raises NotFound."""
        typed = Typed(await request.post(), sent=True)

        async def work(tx: Tx) -> tuple[Visitor, Any, Mapping[str, Any], Refused | NotFound | None]:
            visitor = await visitor_of(tx, request, keeps=True)
            context: Mapping[str, Any] = {}
            try:
                async with tx.savepoint():
                    context = await self.draw(tx, visitor)
                async with tx.savepoint():
                    return visitor, await do(tx, visitor, typed), context, None
            except (Refused, NotFound) as why:
                await refusals.note(tx, visitor.actor, doing, why, subject=self.subject)
                return visitor, None, context, why

        visitor, there, context, why = await in_transaction(request.app[DATABASE], work)
        if isinstance(why, NotFound) or (why is not None and not context):
            raise NotFound
        if why is not None:
            return self._page(request, visitor, context, typed, why)
        if isinstance(there, str):
            raise web.HTTPSeeOther(there)
        made: web.Response = there(visitor)
        return made

    def _page(
        self, request: web.Request, visitor: Visitor, context: Mapping[str, Any], typed: Typed, why: Refused | None
    ) -> web.Response:
        fault = None if why is None else (self.at.get(why.code, ""), said(why, visitor))
        given = {"typed": typed, "fault": fault, **context}
        return page(request, self.template, visitor, status=200 if why is None else 409, context=given)
