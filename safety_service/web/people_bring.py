"""A people file on a page: looked at first, every bad row by its line; then brought in, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from safety_service.actions import people_brought
from safety_service.actions.people_csv import COLUMNS, BadPeopleFile
from safety_service.actions.people_import import Imported
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked
from safety_service.web.pages import page
from safety_service.web.people import HERE, SUBJECT
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

PAGE = HERE + "/import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of looking at a file, or of bringing it in."""

    faults: Sequence[str] = ()
    would: Imported | None = None
    rows: int = 0
    done: bool = False


@routes.get(PAGE)
async def form(request: web.Request) -> web.StreamResponse:
    """Where a file is chosen, or its rows are pasted."""

    async def work(tx: Tx, visitor: Visitor) -> str:
        return await people_brought.own_agency(tx, visitor.actor)

    visitor, agency = await looked(request, SUBJECT, work)
    return _page(request, visitor, agency, "", Looked())


@routes.post(PAGE)
@again.asked_when(lambda _request, given: given.get("do") == "bring")
async def take(request: web.Request) -> web.StreamResponse:
    """Look at it, or bring it in: what is brought in was looked at, and is checked once more."""
    given = await request.post()
    text, fault = _text(given.get("file"), given.get("text"))
    bring = given.get("do") == "bring"

    async def work(tx: Tx, visitor: Visitor) -> tuple[str, Looked]:
        agency = await people_brought.own_agency(tx, visitor.actor)
        if fault:
            return agency, Looked(faults=[fault])
        try:
            async with tx.savepoint():
                return agency, await _do(tx, visitor, text, bring=bring)
        except BadPeopleFile as bad:
            return agency, Looked(faults=bad.faults)

    visitor, (agency, found) = await looked(request, SUBJECT, work)
    return _page(request, visitor, agency, text, found)


async def _do(tx: Tx, visitor: Visitor, text: str, *, bring: bool) -> Looked:
    if bring:
        return Looked(would=await people_brought.bring_in(tx, visitor.actor, text), done=True)
    seen = await people_brought.preview(tx, visitor.actor, text)
    return Looked(would=seen.would, rows=seen.rows)


def _text(file: Any, pasted: Any) -> tuple[str, str]:
    """The rows, and why they cannot be read."""
    if isinstance(file, FileField) and file.filename:
        try:
            return file.file.read().decode("utf-8-sig"), ""
        except UnicodeDecodeError:
            return "", "This is not UTF-8 text: save it as CSV UTF-8."
    text = pasted if isinstance(pasted, str) else ""
    return text, "" if text.strip() else "Choose a file, or paste its rows."


def _page(request: web.Request, visitor: Visitor, agency: str, text: str, found: Looked) -> web.Response:
    would = found.would
    context = {
        "agency": agency,
        "columns": ",".join(COLUMNS),
        "text": text,
        "faults": found.faults,
        "would": would,
        "rows": found.rows,
        "done": found.done,
        "added": _names(would.added) if would else [],
        "changed": _names(would.changed) if would else [],
        "most": people_brought.MOST_ROWS,
    }
    return page(request, "people_import.html", visitor, status=422 if found.faults else 200, context=context)


def _names(people: Any) -> list[str]:
    return sorted((each.name for each in people.values()), key=str.casefold)
