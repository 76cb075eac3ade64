"""Taking a period along: as a file, for a meeting or an inspection."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from safety_service.actions import exports_narrowed
from safety_service.actions.debrief_log import READERS
from safety_service.actions.errors import NotFound
from safety_service.actions.exports import WHAT, export
from safety_service.actions.exports_written import FORMATS, written
from safety_service.actions.figures_of_care import figures_of_care
from safety_service.actions.table import Table
from safety_service.actions.visitors import teams_of
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked, said
from safety_service.web.days import begins, ends
from safety_service.web.log_wanted import Wanted, wanted_of
from safety_service.web.pages import page, refused
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

EXPORTED = (*WHAT, "care")
#: More rows than this are nothing for a meeting, and take long to be set.
PAPER = 500
#: What the page of a period offers first.
LATELY = timedelta(days=31)

Fields = MultiMapping[Any]


@routes.get("/log/export")
async def exporting(request: web.Request) -> web.StreamResponse:
    """What can be taken along, and of which time."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        if not visitor.actor.teams(*READERS):
            raise NotFound
        today = tx.now.astimezone(visitor.known.zone).date()
        wanted, only = await _narrowed(tx, visitor, request)
        return {
            "what": (exports_narrowed.WHAT,) if only else EXPORTED,
            "only": only,
            "over": wanted.over,
            "suffix": wanted.suffix if only else "",
            "list": f"/log{wanted.suffix}",
            "forms": tuple(FORMATS),
            "since": wanted.fields["from"] or today - LATELY,
            "until": wanted.fields["to"] or today,
        }

    visitor, context = await looked(request, "export", work)
    return page(request, "log_export.html", visitor, context=context)


async def _narrowed(tx: Tx, visitor: Visitor, request: web.Request) -> tuple[Wanted, str]:
    """What the list that somebody comes from looks for, and that in words; of days alone there are none."""
    wanted = await wanted_of(tx, visitor, request)
    guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
    says = {key: each.says for key, each in guidance.asked("behaviours").items()}
    return wanted, wanted.said(says, await teams_of(tx, visitor.actor.teams(*READERS)))


@routes.post("/log/export")
@again.asked
async def exported(request: web.Request) -> web.StreamResponse:
    """The file. A POST: a link cannot make anybody take case text along."""
    fields = await request.post()
    what, form = str(fields.get("what")), str(fields.get("format"))
    if what not in EXPORTED or form not in FORMATS:
        raise NotFound

    async def work(tx: Tx, visitor: Visitor) -> tuple[Table, datetime] | str:
        try:
            narrowed = await _narrowed(tx, visitor, request)
            return for_paper(form, await _table(tx, visitor, what, fields, narrowed))
        except Refused as why:
            return said(why, visitor)

    visitor, found = await looked(request, "export", work, writes=False)
    if isinstance(found, str):
        return await refused(request, "That was not done", found, back="/log/export", visitor=visitor)
    return await as_file(found, form, what)


async def as_file(made: tuple[Table, datetime], form: str, name: str) -> web.Response:
    """The table as a file to be saved, made beside what watches people."""
    table, now = made
    # Paper takes seconds: neither the database nor whoever is being watched waits for it.
    text = await asyncio.to_thread(written, table, form, now)
    disposition = f'attachment; filename="{name}-{now:%Y-%m-%d}.{form}"'
    return web.Response(body=text, headers={"Content-Type": FORMATS[form], "Content-Disposition": disposition})


def for_paper(form: str, made: tuple[Table, datetime]) -> tuple[Table, datetime]:
    """What is to be printed is not too long for it. Raises Refused `too_many_rows`."""
    if form == "pdf" and len(made[0].rows) > PAPER:
        raise Refused("too_many_rows", most=PAPER)
    return made


async def _table(
    tx: Tx, visitor: Visitor, what: str, fields: Fields, narrowed: tuple[Wanted, str]
) -> tuple[Table, datetime]:
    zone, agency_id = visitor.known.zone, visitor.actor.agency_id
    since, until = begins(str(fields.get("from", "")), zone), ends(str(fields.get("to", "")), zone)
    if since is None or until is None:
        raise Refused("period_wanted")
    now = tx.now.astimezone(zone)
    wanted, only = narrowed
    # What was typed and is kept no more is not taken for everything.
    search = wanted.search(zone)
    if only:
        if what != exports_narrowed.WHAT:
            raise NotFound
        return await exports_narrowed.export(tx, visitor.actor, search, only, since, until), now
    if what == "care":
        return await figures_of_care(tx, visitor.actor, agency_id, since, until), now
    return await export(tx, visitor.actor, what, agency_id, since, until), now
