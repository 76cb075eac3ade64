"""A worker's own debrief, part by part: what is too long or too private for a chat. What is typed is kept each time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from config.forms import Form, Kind, Step
from config.forms_debrief import DebriefPart, debrief_form
from safety_service.actions import debriefs, refusals
from safety_service.actions.debrief_addenda import add_addendum
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web.acting import done, looked, said
from safety_service.web.debrief_telling import Telling, heading, put_aside, tell_page, telling_of, typed_of
from safety_service.web.form_answers import Read, read_answers, text_of
from safety_service.web.form_page import Words, form_page
from safety_service.web.pages import message, refused
from safety_service.web.paths import id_of
from safety_service.web.resting import show
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

#: What the page's script says while somebody writes.
KEEP = "keep"
#: Buttons that lead beside the debrief, once what stands on the page is kept.
BESIDE = {"speak": "{here}/speak", "advice": "/notices/advice"}
PART = "part:"
ADDENDUM = Form("addendum", (Step(key="text", kind=Kind.TEXT),))
_ADDENDUM_WORDS = Words(says={"text": "What is to be added?"}, help={"text": "What you told before stays as it is."})


@routes.get("/debriefs/{id}/tell")
async def tell(request: web.Request) -> web.StreamResponse:
    """One part of it, with what was answered so far."""

    async def work(tx: Tx, visitor: Visitor) -> Telling:
        telling = await telling_of(tx, visitor, id_of(request))
        missing = debriefs.missing(telling.edition.guidance, telling.row) if "missing" in request.query else {}
        return replace(telling, answers={**telling.held, **telling.aside}, faults=missing)

    def draw(visitor: Visitor, telling: Telling) -> web.StreamResponse:
        if telling.row.state != "draft":
            raise web.HTTPSeeOther(f"/debriefs/{telling.row.id}/add")
        return tell_page(request, visitor, telling, telling.part(request.query.get("part")))

    return await show(request, "debrief", work, draw)


@routes.post("/debriefs/{id}/tell")
async def told(request: web.Request) -> web.StreamResponse:
    """Keep this part, and go where the button says. What cannot be used is named at its field, and nothing is lost."""
    posted = await request.post()
    visitor, telling = await looked(request, "debrief", lambda tx, visitor: telling_of(tx, visitor, id_of(request)))
    part, form = telling.part(str(posted.get("part", ""))), debrief_form(telling.edition.guidance)
    read = read_answers(form, posted, visitor.known.zone, keys=part.keys, before=telling.held)
    if posted.get("do") == KEEP:
        return await _by_itself(request, telling, read, typed_of(part))
    if read.wrong:
        why = await _so_far(request, telling, read, part.keys)
        if why is not None:
            return await refused(request, "That was not kept", said(why, visitor), visitor=visitor)
        shown = replace(telling, answers={**telling.held, **read.answers}, faults=read.wrong)
        return tell_page(request, visitor, shown, part)

    async def work(tx: Tx, visitor: Visitor) -> str:
        answers = _with_nothing_met(part, read.answers)
        row = await debriefs.keep(tx, visitor.actor, telling.row.id, answers, keys=part.keys)
        await put_aside(tx, visitor.actor, telling, part.keys)
        if part.key == "a" and debriefs.ready(row.answers):
            row = await debriefs.give_first_part(tx, visitor.actor, row.id)
        return await _go(tx, visitor, replace(telling, row=row), part, str(posted.get("do", "")))

    return await done(request, "tell", "debrief", work, back=request.path)


async def _by_itself(request: web.Request, telling: Telling, read: Read, keys: Collection[str]) -> web.Response:
    """What the page's script keeps while somebody writes: only what was typed, and nothing follows from it yet."""
    if await _so_far(request, telling, read, keys) is not None:
        raise web.HTTPConflict
    return web.Response(status=422 if read.wrong else 204)


async def _so_far(request: web.Request, telling: Telling, read: Read, keys: Collection[str]) -> Refused | None:
    """Keep what can be used of it; what cannot stays as it was kept before."""
    good = [key for key in keys if key not in read.wrong]

    async def work(tx: Tx, visitor: Visitor) -> tuple[Refused | None]:
        answers = {key: read.answers[key] for key in good if key in read.answers}
        try:
            async with tx.savepoint():
                await debriefs.keep(tx, visitor.actor, telling.row.id, answers, keys=good)
                unusable = {key: read.answers[key] for key in keys if key in read.wrong and key in read.answers}
                await put_aside(tx, visitor.actor, telling, keys, unusable)
        except Refused as why:
            await refusals.note(tx, visitor.actor, "tell", why, subject="debrief", subject_id=telling.row.id)
            return (why,)
        return (None,)

    return (await looked(request, "debrief", work))[1][0]


def _with_nothing_met(part: DebriefPart, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing chosen where a hard visit is asked what was met: that is an answer."""
    hard = part.key == "a" and answers.get("mood") in ("off", "bad")
    return {"met": [], **answers} if hard else dict(answers)


async def _go(tx: Tx, visitor: Visitor, telling: Telling, part: DebriefPart, do: str) -> str:
    here = f"/debriefs/{telling.row.id}"
    if do == "submit":
        missing = debriefs.missing(telling.edition.guidance, telling.row)
        following = telling.beside(part, 1)
        if missing and following is not None and not set(part.keys) & missing.keys():
            # What they chose opened more parts: nobody has seen those, so nothing is wrong with them yet.
            return f"{here}/tell?part={following.key}"
        if missing:
            first = next(each for each in telling.parts if set(each.keys) & missing.keys())
            return f"{here}/tell?part={first.key}&missing=1"
        await debriefs.submit(tx, visitor.actor, telling.row.id, {})
        return f"{here}/kept"
    if do == "later":
        return f"{here}/kept"
    if do in BESIDE:
        return BESIDE[do].format(here=here)
    if do.startswith(PART):
        return f"{here}/tell?part={telling.part(do.removeprefix(PART)).key}"
    following = telling.beside(part, -1 if do == "back" else 1) or part
    return f"{here}/tell?part={following.key}"


@routes.get("/debriefs/{id}/kept")
async def kept(request: web.Request) -> web.StreamResponse:
    """What has become of it so far."""
    visitor, telling = await looked(request, "debrief", lambda tx, visitor: telling_of(tx, visitor, id_of(request)))
    if telling.row.state == "draft":
        here = f"/debriefs/{telling.row.id}/tell"
        told = "It is kept as it is. Come back to it when you can: you will be reminded."
        return message(request, "Kept", told, back=here, visitor=visitor)
    return message(request, "Given", "Thank you. What comes to mind later can be added.", back="/chat", visitor=visitor)


@routes.get("/debriefs/{id}/add")
async def add(request: web.Request) -> web.StreamResponse:
    """Something to be added to what was given."""

    async def work(tx: Tx, visitor: Visitor) -> Telling:
        return await telling_of(tx, visitor, id_of(request))

    return await show(request, "debrief", work, lambda visitor, telling: _adding(request, visitor, telling))


def _adding(request: web.Request, visitor: Visitor, telling: Telling) -> web.StreamResponse:
    if telling.row.state == "draft":
        raise web.HTTPSeeOther(f"/debriefs/{telling.row.id}/tell")
    return form_page(
        request,
        ADDENDUM,
        _ADDENDUM_WORDS,
        visitor,
        heading=heading(visitor, telling),
        action=f"/debriefs/{telling.row.id}/add",
        answers={},
        zone=visitor.known.zone,
        intro=("You have given this. It stands as it is, and you can add to it.",),
        buttons=(("add", "Add it"),),
        links=((f"/debriefs/{telling.row.id}/speak", "Say it: record a voice note"),),
    )


@routes.post("/debriefs/{id}/add")
async def added(request: web.Request) -> web.StreamResponse:
    """Add it, with its date."""
    text = text_of(await request.post(), "text")

    async def work(tx: Tx, visitor: Visitor) -> None:
        await add_addendum(tx, visitor.actor, id_of(request), text)

    return await done(request, "add", "debrief", work, back=f"/debriefs/{id_of(request)}/kept")
