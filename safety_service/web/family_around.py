"""Who meets the hostility at a family: agency by agency, and which of us; a pattern with a name, never a ranking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from safety_service.actions import behaviours, circle, families, over_time, partners
from safety_service.actions.over_time import Visited
from safety_service.actions.partners import Around
from safety_service.domain.hostility import US
from safety_service.domain.trend import Line
from safety_service.store.database import Tx
from safety_service.web import family_words
from safety_service.web.acting import looked
from safety_service.web.family_frame import frame
from safety_service.web.family_partners import partner_card
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "partner"
#: Who of us met it in this time; what is older says nothing of how it is now.
LATELY = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    around: Around
    ours: list[Line]
    visited: list[Visited]
    words: Mapping[str, str]


@routes.get("/families/{ref}/around")
async def around(request: web.Request) -> web.StreamResponse:
    """The page; that it was read is kept in the evidence log."""

    async def work(tx: Tx, visitor: Visitor) -> _Whole:
        found = await partners.around(tx, visitor.actor, request.match_info["ref"])
        family = found.family
        since: date = await circle.today(tx, visitor.actor.agency_id) - LATELY
        guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
        return _Whole(
            around=found,
            ours=[each for each in await behaviours.met_at(tx, family.row.agency_id, family.id) if not each.past],
            visited=await over_time.who_met(tx, visitor.actor, family, since),
            words={key: each.says for key, each in guidance.asked("behaviours").items()},
        )

    visitor, whole = await looked(request, SUBJECT, work)
    return page(request, "family_around.html", visitor, context=_context(visitor, whole))


def _context(visitor: Visitor, whole: _Whole) -> dict[str, Any]:
    found, family = whole.around, whole.around.family
    may = families.changes(visitor.actor, family)
    there = [("We", _listed(each.says for each in whole.ours), "Yes")]
    there += [
        (
            each.organisation,
            _listed(whole.words.get(key, key) for key in each.meets),
            family_words.VISITS.get(each.visits, each.visits),
        )
        for each in found.partners
    ]
    links = [(families.page_of(family.ref, "partners/new"), "Add an agency")] if may else []
    return {
        "frame": frame(visitor, family.ref, "around"),
        "pattern": _pattern(found),
        "only_us": family.record.only_us,
        "change": families.page_of(family.ref, "change/only_us") if may and found.picture.only == US else "",
        "meeting": families.page_of(family.ref, "meetings/new") if found.picture.meeting and visitor.manages else "",
        "there": there,
        "visited": [(each.name, _listed(each.met)) for each in whole.visited],
        "mixed": len({bool(each.met) for each in whole.visited}) > 1,
        "cards": [partner_card(each, whole.words, link=may) for each in (*found.partners, *found.ended)],
        "links": links,
    }


def _listed(met: Any) -> str:
    return ", ".join(met) or "Nothing"


def _pattern(found: Around) -> list[str]:
    """The pattern's name, and what follows from it."""
    seen = found.picture
    if not found.partners:
        return []
    only = "ours" if seen.only == US else seen.only or ""
    said = [family_words.PATTERNS[seen.pattern].format(only=only)]
    return [*said, *([family_words.TENSION] if seen.tension else []), *(family_words.MEETING[w] for w in seen.meeting)]
