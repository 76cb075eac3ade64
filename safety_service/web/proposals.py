"""What waits for a manager's decision, over all their families: what is to be decided first stands first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from config.guidance import Guidance
from safety_service.actions import renewing, undecided
from safety_service.actions.reading import Page
from safety_service.actions.undecided import Waiting
from safety_service.store.database import Tx
from safety_service.web.acting import looked
from safety_service.web.cursor import read_place, write_place
from safety_service.web.families import when
from safety_service.web.pages import page
from safety_service.web.plan_words import STATES, because, demanded
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.get("/proposals")
async def proposals(request: web.Request) -> web.StreamResponse:
    """A page of the list; that it was read is kept in the evidence log."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Page[Waiting], Guidance, datetime]:
        found = await undecided.of_managed(tx, visitor.actor, read_place(request.query.get("cursor", "")))
        return found, (await tx.guidance(visitor.actor.agency_id)).guidance, tx.now

    visitor, (found, guidance, now) = await looked(request, "proposals", work)
    lines: list[Mapping[str, Any]] = [_line(each, guidance, now, visitor) for each in found.rows]
    following = "" if found.after is None else str(request.rel_url.update_query(cursor=write_place(*found.after)))
    return page(request, "proposals.html", visitor, context={"lines": lines, "following": following})


def _line(each: Waiting, guidance: Guidance, now: datetime, visitor: Visitor) -> Mapping[str, Any]:
    measure, zone = each.measure, visitor.known.zone
    by = measure.decide_by
    plan = renewing.plan_page(each.ref)
    return {
        "ref": each.ref,
        "plan": plan,
        "link": "" if each.own else f"{plan}/measures/{measure.id}",
        "says": measure.says,
        "state": STATES[measure.state],
        "holds": measure.holds,
        "demands": demanded(measure.demands),
        "because": because(measure.because, guidance),
        "by": "" if by is None else when(by.astimezone(zone), now.astimezone(zone).date()),
        "late": by is not None and by < now,
    }
