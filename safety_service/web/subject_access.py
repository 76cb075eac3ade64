"""What a family gets that asks what is kept about it: marked, looked at, then given out. Nothing goes out unseen."""

from __future__ import annotations

from aiohttp import web

from safety_service.actions import circle, subject_access
from safety_service.actions.subject_access import Answer
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked, said
from safety_service.web.pages import message, page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE = "/families/{ref}/subject-access"
FORMS = {"txt": "text/plain; charset=utf-8", "json": "application/json"}
#: Passages that one answer may leave out.
MOST = 200


@routes.get(HERE)
async def asked(request: web.Request) -> web.StreamResponse:
    """Where passages are marked. Nothing of the family is shown yet."""

    async def work(tx: Tx, visitor: Visitor) -> str:
        try:
            around = await circle.by_ref(tx, visitor.actor, request.match_info["ref"])
            circle.managed(visitor.actor, around)
        except Refused as why:
            return said(why, visitor)
        return ""

    visitor, refused = await looked(request, "subject_access", work)
    if refused:
        return message(request, "That was not done", refused, status=409, visitor=visitor)
    return _page(request, visitor, "")


@routes.post(HERE)
async def previewed(request: web.Request) -> web.StreamResponse:
    """What would go out, to be read."""
    ref, typed = request.match_info["ref"], str((await request.post()).get("passages", ""))

    async def work(tx: Tx, visitor: Visitor) -> tuple[Answer | None, str]:
        try:
            return await subject_access.preview(tx, visitor.actor, ref, _passages(typed)), ""
        except Refused as why:
            return None, said(why, visitor)

    visitor, (answer, refused) = await looked(request, "subject_access", work, writes=False)
    return _page(request, visitor, typed, answer, refused)


@routes.post(HERE + "/file")
@again.asked
async def given_out(request: web.Request) -> web.StreamResponse:
    """The file, exactly as it was looked at."""
    fields, ref = await request.post(), request.match_info["ref"]
    form = "json" if fields.get("format") == "json" else "txt"
    typed, digest = str(fields.get("passages", "")), str(fields.get("digest", ""))

    async def work(tx: Tx, visitor: Visitor) -> tuple[Answer | None, str]:
        try:
            return await subject_access.export(tx, visitor.actor, ref, _passages(typed), digest), ""
        except Refused as why:
            return None, said(why, visitor)

    visitor, (answer, refused) = await looked(request, "subject_access", work, writes=False)
    if answer is None:
        return _page(request, visitor, typed, None, refused)
    body = answer.as_json() if form == "json" else answer.as_text().encode()
    saved = {"Content-Type": FORMS[form], "Content-Disposition": f'attachment; filename="kept-about-family.{form}"'}
    return web.Response(body=body, headers=saved)


def _page(
    request: web.Request, visitor: Visitor, passages: str, answer: Answer | None = None, refused: str = ""
) -> web.Response:
    context = {"ref": request.match_info["ref"], "passages": passages, "answer": answer, "refused": refused}
    return page(request, "subject_access.html", visitor, status=409 if refused else 200, context=context)


def _passages(typed: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in typed.splitlines() if line.strip())[:MOST]
