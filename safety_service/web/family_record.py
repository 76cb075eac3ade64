"""Changing what is kept of a family, part by part: a list has its rows and some blank ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from config.forms_family import PARTS, ROW, ROWS, record_form, to_answers, to_value
from safety_service.actions import families
from safety_service.actions.errors import NotFound
from safety_service.actions.families import Family
from safety_service.domain.family import written
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web import family_words
from safety_service.web.family_kept import part_now
from safety_service.web.forming import Draw, Drawn, show, take
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "family"
#: A field of a row; more rows than two digits can say are nothing that is kept.
_ROW = re.compile(rf"{ROW}(\d{{1,2}})\..+")


@routes.get("/families/{ref}/change/{part}")
async def changing(request: web.Request) -> web.StreamResponse:
    """The form of one part."""
    return await show(request, SUBJECT, _draw(request))


@routes.post("/families/{ref}/change/{part}")
async def change(request: web.Request) -> web.StreamResponse:
    """Keep it, unless somebody else has changed the family meanwhile."""
    ref, part = request.match_info["ref"], request.match_info["part"]

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await families.change(tx, visitor.actor, ref, _version(request), {part: to_value(part, answers)})
        return families.page_of(ref, "kept")

    return await take(request, SUBJECT, "change", _draw(request), do)


def _draw(request: web.Request) -> Draw:
    ref, part = request.match_info["ref"], request.match_info["part"]

    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        if part not in PARTS:
            raise NotFound
        family = await families.read(tx, visitor.actor, ref)
        families.may_change(visitor.actor, family)
        kept: Any = family.row.name if part == "name" else written(family.record)[part]
        # Read already, where anything was sent.
        rows = max(len(kept), _filled(await request.post())) if part in ROWS else 0
        form = record_form(part, rows)
        needs = (await tx.guidance(visitor.actor.agency_id)).guidance.asked("needs")
        options = {"key": {key: each.says for key, each in needs.items()}} if part == "needs" else {}
        return Drawn(
            form=form,
            words=family_words.part_words(part, len(form.steps) if part in ROWS else 0, options),
            heading=f"{family.ref}: {family_words.PARTS[part]}",
            action=families.page_of(family.ref, f"change/{part}?version={family.row.version}"),
            back=families.page_of(family.ref, "kept"),
            intro=await _meanwhile(tx, visitor, request, family),
            answers=to_answers(part, kept),
        )

    return draw


def _filled(posted: Mapping[str, Any]) -> int:
    """So many rows that none of those filled in is left out, also where somebody took some away meanwhile."""
    found = [_ROW.fullmatch(name) for name, value in posted.items() if value]
    return max((int(each[1]) + 1 for each in found if each is not None), default=0)


async def _meanwhile(tx: Tx, visitor: Visitor, request: web.Request, family: Family) -> list[str]:
    """What stands there now, where what was sent is about an earlier version: sent again, it is about this one."""
    if request.method != "POST" or request.query.get("version") == str(family.row.version):
        return []
    now = await part_now(tx, visitor, family, request.match_info["part"])
    return [family_words.MEANWHILE, *now, family_words.YOURS]


def _version(request: web.Request) -> int:
    try:
        return int(request.query.get("version", ""))
    except ValueError:
        raise Refused("changed_meanwhile") from None
