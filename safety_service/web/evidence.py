"""The evidence log on a page: readable, narrowed, taken along, and whether it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from safety_service.actions import evidence_check, evidence_read
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.evidence_check import Checked
from safety_service.actions.evidence_read import Entry, Search
from safety_service.actions.exports_written import FORMATS
from safety_service.actions.table import Table
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked, said
from safety_service.web.around_page import said_time
from safety_service.web.days import begins, ends
from safety_service.web.evidence_details import details
from safety_service.web.evidence_words import DEEDS, MATTERS, page_of, sentence
from safety_service.web.log_export import as_file, for_paper
from safety_service.web.pages import message, page
from safety_service.web.pages import refused as not_done
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

FIELDS = ("who", "did", "what", "from", "to")
COLUMNS = ("at", "who_did_what", "family", "details", "entry", "link", "digest")
#: Entries in one file; and how many are looked through for it.
MOST, THROUGH = 2_000, 6_000
NOTES = (
    "Link and digest are the entry's place in the chain of the evidence log; an entry without them is not linked yet.",
)
LATELY = timedelta(days=7)


@routes.get("/evidence")
async def evidence(request: web.Request) -> web.StreamResponse:
    """The newest entries of what is looked for; that they were read is kept."""
    given = {name: request.query.get(name, "")[:100] for name in FIELDS}

    async def work(tx: Tx, visitor: Visitor) -> tuple[dict[str, Any] | None, str]:
        try:
            wanted = _wanted(given, visitor.known.zone, _id(request.query.get("cursor", "")))
            found = await evidence_read.look(tx, visitor.actor, wanted)
        except Refused as why:
            return None, said(why, visitor)
        today = tx.now.astimezone(visitor.known.zone).date()
        return {
            "given": given,
            "people": dict(sorted(found.names.items(), key=lambda each: each[1].casefold())),
            "deeds": {key: says for key, (says, _) in DEEDS.items()},
            "matters": {key: says for key, (says, _) in MATTERS.items()},
            "lines": [_line(each, found.names, visitor) for each in found.entries],
            "following": None if found.after is None else _further(given, found.after),
            "state": await evidence_check.state(tx, visitor.actor),
            "whole": bool(visitor.actor.teams(Role.MANAGER, Role.ADMINISTRATOR)),
            "forms": tuple(FORMATS),
            "period": (given["from"] or today - LATELY, given["to"] or today),
        }, ""

    visitor, (context, refused) = await looked(request, "evidence", work)
    if context is None:
        return message(request, "That is not yours to do", refused, status=409, visitor=visitor)
    return page(request, "evidence.html", visitor, context=context)


@routes.post("/evidence/check")
async def check(request: web.Request) -> web.StreamResponse:
    """Walk the newest part of the chain again. A POST: it takes a while."""
    fields = await request.post()

    async def work(tx: Tx, visitor: Visitor) -> tuple[Checked | None, str]:
        try:
            kept = evidence_check.kept_end(str(fields.get("end", "")))
            return await evidence_check.check(tx, visitor.actor, kept), ""
        except Refused as why:
            return None, said(why, visitor)

    visitor, (checked, refused) = await looked(request, "evidence", work, writes=False)
    if checked is None:
        return await not_done(request, "That was not done", refused, back="/evidence", visitor=visitor)
    return page(request, "evidence_checked.html", visitor, context={"checked": checked})


@routes.post("/evidence/export")
@again.asked
async def export(request: web.Request) -> web.StreamResponse:
    """The entries of a time as a file; that they were taken along is kept."""
    fields = await request.post()
    form, given = str(fields.get("format")), {name: str(fields.get(name, "")) for name in FIELDS}
    if form not in FORMATS:
        raise NotFound

    async def work(tx: Tx, visitor: Visitor) -> tuple[Table, datetime] | str:
        try:
            return for_paper(form, await _table(tx, visitor, given))
        except Refused as why:
            return said(why, visitor)

    visitor, found = await looked(request, "evidence", work, writes=False)
    if isinstance(found, str):
        return await not_done(request, "That was not done", found, back="/evidence", visitor=visitor)
    return await as_file(found, form, "evidence")


async def _table(tx: Tx, visitor: Visitor, given: Mapping[str, str]) -> tuple[Table, datetime]:
    zone = visitor.known.zone
    wanted = _wanted(given, zone)
    if wanted.since is None or wanted.until is None or wanted.since >= wanted.until:
        raise Refused("period_wanted")
    found = await evidence_read.look(tx, visitor.actor, wanted, MOST, THROUGH)
    if found.after is not None:
        raise Refused("too_many_rows", most=MOST)
    rows = [_row(each, found.names, zone) for each in found.entries]
    about = {"since": wanted.since.isoformat(), "until": wanted.until.isoformat(), "rows": len(rows)}
    await keep(tx, visitor.actor, visitor.actor.agency_id, "exported", subject="evidence", subject_id=None, **about)
    return Table("Evidence", COLUMNS, rows, NOTES), tx.now.astimezone(zone)


def _row(each: Entry, names: Mapping[UUID, str], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": each.noted.at.astimezone(zone).isoformat(timespec="seconds"),
        "who_did_what": sentence(each, names),
        "family": each.about.ref if each.with_text else "",
        "details": "; ".join(f"{key}: {text}" for key, text in details(each, zone)),
        "entry": str(each.noted.id),
        "link": each.noted.link or "",
        "digest": each.noted.digest or "",
    }


def _line(each: Entry, names: Mapping[UUID, str], visitor: Visitor) -> dict[str, Any]:
    return {
        "at": said_time(each.noted.at, visitor),
        "says": sentence(each, names),
        "page": page_of(each),
        "details": details(each, visitor.known.zone),
        "link": each.noted.link,
        "sealed": not each.with_text,
    }


def _wanted(given: Mapping[str, str], zone: ZoneInfo, before: UUID | None = None) -> Search:
    _, verbs = DEEDS.get(given["did"], ("", frozenset[str]()))
    _, subjects = MATTERS.get(given["what"], ("", frozenset[str]()))
    return Search(
        since=begins(given["from"], zone),
        until=ends(given["to"], zone),
        who=_id(given["who"]),
        verbs=verbs,
        subjects=subjects,
        before=before,
    )


def _further(given: Mapping[str, str], after: UUID) -> str:
    asked = {name: value for name, value in given.items() if value}
    return f"/evidence?{urlencode({**asked, 'cursor': str(after)})}"


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
