"""What is kept of a family, part by part: who lives there, how to talk with them, who leads, promises, the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms_family import PARTS, ROWS
from safety_service.actions import families
from safety_service.actions.families import Family
from safety_service.actions.visitors import names_of
from safety_service.domain.family import written
from safety_service.store.database import Tx
from safety_service.web import family_words
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, said_day, said_time
from safety_service.web.family_frame import frame
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "family"


@routes.get("/families/{ref}/kept")
async def kept(request: web.Request) -> web.StreamResponse:
    """The page; who changed which part last stands with it."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Family, dict[str, str], dict[str, str]]:
        family = await families.read(tx, visitor.actor, request.match_info["ref"])
        guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
        names = await names_of(tx, {UUID(each["by"]) for each in family.stamps.values()})
        needs = {key: each.says for key, each in guidance.asked("needs").items()}
        return family, needs, {str(person): name for person, name in names.items()}

    visitor, (family, needs, names) = await looked(request, SUBJECT, work)
    may = families.changes(visitor.actor, family)
    parts = [_part(family, part, needs, names, visitor, may=may) for part in PARTS]
    shown = [each for each in parts if each.told]
    context = {
        "frame": frame(visitor, family.ref, "kept"),
        "cards": shown,
        "missing": [(each.link[0], each.title) for each in parts if not each.told and each.link is not None],
    }
    return page(request, "family_kept.html", visitor, context=context)


async def part_now(tx: Tx, visitor: Visitor, family: Family, part: str) -> list[str]:
    """A part as it is kept, line by line, with who changed it last."""
    needs = (await tx.guidance(visitor.actor.agency_id)).guidance.asked("needs")
    names = await names_of(tx, {UUID(each["by"]) for name, each in family.stamps.items() if name == part})
    said = {key: each.says for key, each in needs.items()}
    card = _part(family, part, said, {str(person): name for person, name in names.items()}, visitor, may=False)
    told = [f"{label}: {text}" for label, text in card.told]
    stamped = part in family.stamps
    return told if len(told) > stamped else ["Nothing.", *told]


def _part(
    family: Family, part: str, needs: Mapping[str, str], names: Mapping[str, str], visitor: Visitor, *, may: bool
) -> Card:
    there = family.row.name or "" if part == "name" else written(family.record)[part]
    stamp = family.stamps.get(part)
    lines = list(_lines(part, there, needs))
    if stamp is not None:
        by, at = names.get(stamp["by"], ""), said_time(datetime.fromisoformat(stamp["at"]), visitor)
        lines.append(("Last changed", f"{by}, {at}"))
    link = (families.page_of(family.ref, f"change/{part}"), "Change it") if may else None
    return Card(title=family_words.PARTS[part], lines=lines, link=link)


def _lines(part: str, there: Any, needs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(there, str):
        yield family_words.FIELDS[part][part], there
        return
    for each in there if part in ROWS else [there]:
        said = {key: _said(part, key, value, needs) for key, value in each.items() if value not in (None, "")}
        if part in ROWS:
            first, *rest = said.values()
            yield first, "; ".join(rest) or "–"
        else:
            yield from ((family_words.FIELDS[part][key], text) for key, text in said.items())


def _said(part: str, key: str, value: Any, needs: Mapping[str, str]) -> str:
    if (part, key) == ("needs", "key"):
        return needs.get(str(value), str(value))
    if key in ("on", "told_on"):
        return said_day(str(value))
    said = family_words.IN_A_ROW.get((part, key), family_words.CHOICES.get(part, {}).get(key, {}))
    return said.get(str(value), str(value))
