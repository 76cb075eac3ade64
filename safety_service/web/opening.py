"""Why a family is opened: asked of who has nothing to do with it now, looked at by its managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from bots.dialogue.known import the_wording
from config.forms import OPENING
from safety_service.actions import families, opening
from safety_service.actions.visitors import names_of
from safety_service.store.database import Tx
from safety_service.store.openings import Opening
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_time
from safety_service.web.form_page import Words
from safety_service.web.forming import Drawn, show, take
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

ASKED = "/families/{ref}/open"


@routes.get(ASKED)
async def asked(request: web.Request) -> web.StreamResponse:
    """The question; the same page for a family that does not exist as for one that is not the visitor's to know."""
    return await show(request, "family", _drawing(request))


@routes.post(ASKED)
async def opened(request: web.Request) -> web.StreamResponse:
    """It is open for some hours; back to where the visitor wanted to go."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        ref, given = request.match_info["ref"], str(answers["reason"])
        known = await opening.open_family(tx, visitor.actor, ref, _labels().get(given, given))
        return _local(request.query.get("back", "")) or families.page_of(known)

    return await take(request, "family", "open", _drawing(request), do)


@routes.get(opening.PAGE)
async def unseen(request: web.Request) -> web.StreamResponse:
    """What nobody has looked at yet, of the families that the visitor manages."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[Opening], dict[UUID, str]]:
        found = await opening.unseen(tx, visitor.actor)
        return found, await names_of(tx, {each.person_id for each in found})

    visitor, (found, names) = await looked(request, "openings", work)
    lines = [
        {
            "id": each.id,
            "ref": each.ref,
            "page": families.page_of(each.ref),
            "who": names.get(each.person_id, ""),
            "at": said_time(each.at, visitor),
            "reason": each.reason,
        }
        for each in found
    ]
    return page(request, "openings.html", visitor, context={"lines": lines})


@routes.post(opening.PAGE + "/{id}/seen")
async def seen(request: web.Request) -> web.StreamResponse:
    """The visitor has looked at it."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await opening.see(tx, visitor.actor, id_of(request))

    return await done(request, "see", "opening", work, back=opening.PAGE)


def _drawing(request: web.Request) -> Any:
    here = families.page_of(request.match_info["ref"], "open")
    back = _local(request.query.get("back", ""))

    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        ref = await opening.asked_about(tx, visitor.actor, request.match_info["ref"])
        return Drawn(
            form=OPENING,
            words=Words(says={"reason": "Why do you open it?"}, options={"reason": _labels()}),
            heading=f"{ref}: why do you open it?",
            action=f"{here}?back={quote(back, safe='')}" if back else here,
            back="/",
            intro=[
                "You have no visit, duty or alert there now. What you say opens it for some hours.",
                "Its managers see who opened it, when, and why.",
            ],
            button="Open it",
        )

    return draw


def _labels() -> dict[str, str]:
    step = OPENING.step("reason")
    return {each: the_wording().label(f"option.{OPENING.name}.reason.{each}") for each in step.options}


def _local(path: str) -> str:
    """A path of ours, or nothing: nobody is sent to another site. Browsers take a tab or a new line out of a path."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if ours else ""
