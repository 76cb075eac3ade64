"""Open items: what is mine to see to, what is open in my teams, and saying what became of one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms import Form, Kind, Step
from safety_service.actions import items
from safety_service.store.database import Tx
from safety_service.store.items import Item
from safety_service.web.acting import done, looked
from safety_service.web.form_answers import text_of
from safety_service.web.form_page import Words, form_page
from safety_service.web.pages import message, page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

KINDS = {
    "assessment_gap": "Could not be checked",
    "risk_assessment": "Put this into the assessment of risk to the child or adult",
    "open_question": "Nobody knows yet",
    "supervision": "For supervision",
    "action": "Agreed",
    "meeting": "Call a meeting",
}
_BODY = {"why": "Why", "source": "Who else could tell", "action": "What is done about it"}
CLOSE = Form("item", (Step(key="note", kind=Kind.TEXT),))
_NOTES = {
    "risk_assessment": "Where does it stand now? Which document, which date?",
    "assessment_gap": "What was found, and how?",
}


@routes.get("/items")
async def listed(request: web.Request) -> web.StreamResponse:
    """What is open: one's own first, then that of the teams that one manages or reviews."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        mine = await items.mine(tx, visitor.actor)
        known = {each.id for each in mine}
        others = [each for each in await items.of_teams(tx, visitor.actor) if each.id not in known]
        refs = await items.refs_of(tx, [*mine, *others])
        return [_line(visitor, each, refs) for each in mine], [_line(visitor, each, refs) for each in others]

    visitor, (mine, others) = await looked(request, "items", work)
    return page(request, "items.html", visitor, context={"mine": mine, "others": others})


@routes.get("/items/{id}")
async def item(request: web.Request) -> web.StreamResponse:
    """One item, and a field for what became of it."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Item, dict[UUID, str]]:
        row = await items.read_item(tx, visitor.actor, id_of(request))
        return row, await items.refs_of(tx, [row])

    visitor, (row, refs) = await looked(request, "item", work)
    line = _line(visitor, row, refs)
    said = [f"{label}: {row.body[key]}" for key, label in _BODY.items() if row.body.get(key)]
    if row.closed_at is not None:
        return message(request, line["kind"], line["text"], *said, f"Closed: {row.closed_note}", visitor=visitor)
    return form_page(
        request,
        CLOSE,
        Words(says={"note": _NOTES.get(row.kind, "What became of it?")}),
        visitor,
        heading=line["kind"],
        action=f"/items/{row.id}",
        answers={},
        zone=visitor.known.zone,
        intro=[each for each in (line["text"], *said, line["about"]) if each],
        buttons=(("close", "Close it"),),
    )


@routes.post("/items/{id}")
async def closed(request: web.Request) -> web.StreamResponse:
    """Close it, with what became of it."""
    note = text_of(await request.post(), "note")[:2000]

    async def work(tx: Tx, visitor: Visitor) -> None:
        await items.close_item(tx, visitor.actor, id_of(request), note)

    return await done(request, "close", "item", work, back="/items")


def _line(visitor: Visitor, row: Item, refs: dict[UUID, str]) -> dict[str, Any]:
    opened = row.opened_at.astimezone(visitor.known.zone)
    ref = "" if row.family_id is None else refs[row.family_id]
    due = "" if row.due_on is None else f"due {row.due_on.day} {row.due_on:%B}"
    since = f"open since {opened.day} {opened:%B}"
    return {
        "id": str(row.id),
        "kind": KINDS[row.kind],
        "text": str(row.body.get("text") or ""),
        "about": ", ".join(each for each in (ref, since, due) if each),
    }
