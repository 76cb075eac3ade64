"""Editions of the policy on pages: the old ones, two compared, a new text checked and put in force."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from config.policy import PolicyError
from safety_service.actions import policies, policy_editions
from safety_service.actions.errors import NotFound
from safety_service.actions.policy_editions import Compared
from safety_service.domain.local_time import say_time
from safety_service.domain.policy_reading import in_words
from safety_service.domain.refusal import Refused
from safety_service.domain.silence import in_danger
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked
from safety_service.web.filling import Form, Typed
from safety_service.web.pages import page
from safety_service.web.policy import HERE, SUBJECT, silences
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.get(HERE + "/editions")
async def listed(request: web.Request) -> web.StreamResponse:
    """All editions, the newest first, a page at a time."""
    before = _number(request.query.get("before", ""))

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        rows = await policy_editions.listed(tx, visitor.actor, before)
        return {
            "rows": [(each, say_time(each.applied_at, visitor.known.zone)) for each in rows],
            "before": rows[-1].number if len(rows) == policy_editions.PAGE else None,
        }

    visitor, context = await looked(request, SUBJECT, work)
    return page(request, "policy_editions.html", visitor, context=context)


@routes.get(HERE + "/editions/{number}")
async def text(request: web.Request) -> web.StreamResponse:
    """The text of one, as it was given. Raises NotFound."""
    number = _number(request.match_info["number"])

    async def work(tx: Tx, visitor: Visitor) -> str:
        if number is None:
            raise NotFound
        return await policy_editions.text_of(tx, visitor.actor, number)

    visitor, given = await looked(request, SUBJECT, work)
    return page(request, "policy_text.html", visitor, context={"number": number, "text": given})


@routes.get(HERE + "/compare")
async def compare(request: web.Request) -> web.StreamResponse:
    """Two editions side by side. Raises NotFound."""
    before, after = (_number(request.query.get(each, "")) for each in ("from", "to"))

    async def work(tx: Tx, visitor: Visitor) -> Compared | None:
        if before is None or after is None:
            raise NotFound
        try:
            return await policy_editions.compared(tx, visitor.actor, before, after)
        except PolicyError:
            return None

    visitor, found = await looked(request, SUBJECT, work)
    context = {"before": before, "after": after, "found": drawn(found)}
    return page(request, "policy_compare.html", visitor, context=context)


def drawn(found: Compared | None) -> dict[str, Any] | None:
    """What is different, as the templates take it."""
    if found is None:
        return None
    return {
        "changes": found.changes,
        "less_strict": found.less_strict,
        "silence": silences(found.after, found.before),
        "danger": in_words(in_danger(found.after)),
    }


@routes.get(HERE + "/check")
async def form(request: web.Request) -> web.StreamResponse:
    """Where a text is given; with `from` it begins with an edition's."""
    number = _number(request.query.get("from", ""))

    async def work(tx: Tx, visitor: Visitor) -> str:
        await policies.in_force(tx, visitor.actor)
        return "" if number is None else await policy_editions.text_of(tx, visitor.actor, number)

    visitor, given = await looked(request, SUBJECT, work)
    context: dict[str, Any] = {"text": given, "faults": [], "found": None}
    context |= {"fault": None, "typed": Typed(request.query)}
    return page(request, "policy_check.html", visitor, context=context)


@routes.post(HERE + "/check")
async def check(request: web.Request) -> web.StreamResponse:
    """Every error with its line; or what it would change, what it loosens, and how long it can be silent then."""
    typed = Typed(await request.post(), sent=True)
    given = typed.text("text").replace("\r\n", "\n")

    async def work(tx: Tx, visitor: Visitor) -> tuple[Compared | None, list[str]]:
        try:
            return await policy_editions.checked(tx, visitor.actor, given), []
        except PolicyError as wrong:
            return None, wrong.faults

    visitor, (found, faults) = await looked(request, SUBJECT, work)
    context = {"text": given, "faults": faults, "found": drawn(found), "fault": None, "typed": typed}
    return page(request, "policy_check.html", visitor, status=422 if faults else 200, context=context)


@routes.post(HERE + "/apply")
@again.asked
async def apply(request: web.Request) -> web.StreamResponse:
    """Put it in force, or, where it is less strict, ask for a second administrator."""
    given = str((await request.post()).get("text", "")).replace("\r\n", "\n")

    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        try:
            found = await policy_editions.checked(tx, visitor.actor, given)
        except PolicyError as wrong:
            return {"text": given, "faults": wrong.faults, "found": None}
        return {"text": given, "faults": [], "found": drawn(found)}

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        try:
            made = await policies.apply(tx, visitor.actor, given, who=visitor.name, why=typed.text("why"))
        except PolicyError:
            raise Refused("policy_faulty") from None
        return f"{HERE}?done={'applied' if made.offer is None else 'offered'}"

    form_ = Form(subject=SUBJECT, template="policy_check.html", draw=draw, at={"reason_wanted": "why"})
    return await form_.take(request, "apply", do)


def _number(text_: str) -> int | None:
    return int(text_) if text_.isdecimal() and len(text_) < 10 else None
