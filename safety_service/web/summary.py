"""What the family takes away from a contact: filled in, then shown in large print to be read out, printed or sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote

from aiohttp import web

from config.forms_family import ROW, summary_form
from safety_service.actions import families, summaries
from safety_service.actions.errors import NotFound
from safety_service.actions.summaries import Begun
from safety_service.domain.refusal import Refused
from safety_service.domain.summary import GIVEN, lines
from safety_service.store.database import Tx
from safety_service.web import family_words
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_day, said_time
from safety_service.web.forming import Draw, Drawn, show, take
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "contact_summary"
HOW = {"read_out": "I read it out", "printed": "I gave it on paper", "sent": "I sent it"}
WAS = {"read_out": "read out", "printed": "given on paper", "sent": "sent"}
HEADING = "What we talked about"


@routes.get("/visits/{id}/summary")
async def read(request: web.Request) -> web.StreamResponse:
    """The summary alone, as the family sees it."""

    async def work(tx: Tx, visitor: Visitor) -> Begun:
        return await summaries.of_visit(tx, visitor.actor, id_of(request))

    visitor, begun = await looked(request, SUBJECT, work)
    here = f"/visits/{id_of(request)}/summary"
    if begun.summary is None:
        if not begun.mine:
            raise NotFound
        raise web.HTTPSeeOther(f"{here}/write")
    told = lines(begun.summary.body)
    text = "\n\n".join(f"{label}: {said}" for label, said in told)
    context = {
        "heading": HEADING,
        "told": told,
        "here": here,
        "mine": begun.mine,
        "ways": HOW.items(),
        "given": WAS.get(begun.summary.given or "", ""),
        "at": said_time(begun.summary.at, visitor),
        "mail": f"mailto:?subject={quote(HEADING)}&body={quote(text)}",
        "family_page": families.page_of(begun.visit.family_ref),
    }
    return page(request, "summary.html", visitor, context=context)


@routes.get("/visits/{id}/summary/write")
async def writing(request: web.Request) -> web.StreamResponse:
    """The form: the fields of the list, and no others."""
    return await show(request, SUBJECT, _draw(request))


@routes.post("/visits/{id}/summary/write")
async def write(request: web.Request) -> web.StreamResponse:
    """Keep it."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await summaries.write(tx, visitor.actor, id_of(request), body_of(answers))
        return f"/visits/{id_of(request)}/summary"

    return await take(request, SUBJECT, "write", _draw(request), do)


@routes.post("/visits/{id}/summary/{how}")
async def give(request: web.Request) -> web.StreamResponse:
    """How the family got it."""
    how = request.match_info["how"]
    if how not in GIVEN:
        raise NotFound

    async def work(tx: Tx, visitor: Visitor) -> None:
        await summaries.give(tx, visitor.actor, id_of(request), how)

    return await done(request, "give", SUBJECT, work, back=f"/visits/{id_of(request)}/summary")


def body_of(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as a summary keeps them."""
    rows = sorted(key for key in answers if key.startswith(ROW))
    on, how = answers.get("next_on"), answers.get("next_how", "")
    following = ", ".join(each for each in (said_day(date.fromisoformat(on)) if on else "", how) if each)
    kept = {name: answers.get(name, "") for name in ("purpose", "done", "otherwise")}
    return {**kept, "actions": [dict(answers[key]) for key in rows], "next_contact": following}


def _draw(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        begun = await summaries.of_visit(tx, visitor.actor, id_of(request))
        if not begun.mine:
            raise Refused("not_your_visit")
        kept = {} if begun.summary is None else begun.summary.body
        actions = kept.get("actions") or []
        answers = {name: kept[name] for name in ("purpose", "done", "otherwise") if name in kept}
        answers |= {f"{ROW}{place}": each for place, each in enumerate(actions)}
        if kept.get("next_contact"):
            answers["next_how"] = kept["next_contact"]
        return Drawn(
            form=summary_form(len(actions)),
            words=family_words.SUMMARY,
            heading="For the family",
            action=f"/visits/{id_of(request)}/summary/write",
            back=f"/visits/{id_of(request)}/summary",
            intro=("They get this. Write it so that they understand it the first time.",),
            answers=answers,
            button="Show it",
        )

    return draw
