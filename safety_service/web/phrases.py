"""A worker's agreed words: set on this page, all of them anew, and never shown again."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from bots.dialogue.dressing import Frame
from safety_service.actions import phrases
from safety_service.domain.phrases import LONGEST, LONGEST_CODE, SHORTEST, Tap
from safety_service.services import WORDING
from safety_service.store.database import Tx
from safety_service.web.acting import done, looked
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "words"


@routes.get(phrases.PAGE)
async def shown(request: web.Request) -> web.StreamResponse:
    """Since when they are set, and an empty form: what was set is shown to nobody, not even to its owner.

    Nothing of it while they are out: whoever looks over their shoulder then would learn that there are such words.
    """

    async def work(tx: Tx, visitor: Visitor) -> tuple[bool, datetime | None, float, float]:
        figures = (await tx.policy()).words
        lengths = figures.extend_short.total_seconds() / 60, figures.extend.total_seconds() / 60
        return await phrases.is_out(tx, visitor.actor), await phrases.set_at(tx, visitor.actor), *lengths

    visitor, (out, set_at, short, usual) = await looked(request, SUBJECT, work)
    since = None if set_at is None else Frame(request.app[WORDING], visitor.known.zone).clock(set_at)
    context = {
        "out": out,
        "since": since,
        "kept": "kept" in request.query,
        "taps": {Tap.SHORT.value: f"+{short:g}", Tap.LONG.value: f"+{usual:g}"},
        "least": SHORTEST,
        "most": LONGEST,
        "most_code": LONGEST_CODE,
    }
    return page(request, "phrases.html", visitor, context=context)


@routes.post(phrases.PAGE)
async def choose(request: web.Request) -> web.StreamResponse:
    """Keep them in the place of any before."""
    given = await request.post()
    tap = str(given.get("tap", ""))

    async def work(tx: Tx, visitor: Visitor) -> str | None:
        await phrases.choose(
            tx,
            visitor.actor,
            own=str(given.get("own", "")),
            duress=str(given.get("duress", "")),
            tap=Tap(tap) if tap in list(Tap) else Tap.NONE,
            code=str(given.get("code", "")),
        )
        return f"{phrases.PAGE}?kept"

    return await done(request, "choose", SUBJECT, work, back=phrases.PAGE)


@routes.post(f"{phrases.PAGE}/remove")
async def remove(request: web.Request) -> web.StreamResponse:
    """Have none any more."""

    async def work(tx: Tx, visitor: Visitor) -> str | None:
        await phrases.remove(tx, visitor.actor)
        return None

    return await done(request, "remove", SUBJECT, work, back=phrases.PAGE)
