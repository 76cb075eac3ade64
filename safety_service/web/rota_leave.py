"""Leave on its page: who of a team is away and when, so that what is missing is seen before it happens."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import leave, rota_week
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done
from safety_service.web.filling import Form, Typed
from safety_service.web.paths import id_of
from safety_service.web.rota import HERE
from safety_service.web.running_words import day_said
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "leave"


def _form(team_id: UUID) -> Form:
    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        team = await rota_week.team_of(tx, visitor.actor, team_id)
        found, people = await leave.of_team(tx, visitor.actor, team_id)
        zone = visitor.known.zone
        return {
            "team": team,
            "people": [(each.id, each.name, True) for each in people.values()],
            "leaves": [
                (
                    each.id,
                    people[each.person_id].name,
                    day_said(each.starts_at, zone),
                    day_said(each.ends_at - timedelta(seconds=1), zone),
                    each.runs(tx.now),
                )
                for each in found
            ],
        }

    at = {"time_unknown": "from", "ends_before_start": "to", "until_past": "to", "until_too_far": "to"}
    return Form(subject=SUBJECT, template="rota_leave.html", draw=draw, at={**at, "worker_wanted": "person"})


@routes.get(HERE + "/{id}/leave")
async def listed(request: web.Request) -> web.StreamResponse:
    """Who is away now, or will be."""
    return await _form(id_of(request)).show(request)


@routes.post(HERE + "/{id}/leave")
@again.asked
async def add(request: web.Request) -> web.StreamResponse:
    """Somebody will be away, from one day to another, both whole."""
    team_id = id_of(request)

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        person_id = typed.id("person")
        if person_id is None:
            raise rota_week.nobody_chosen()
        zone = visitor.known.zone
        first, last = _wanted(typed.day("from")), _wanted(typed.day("to"))
        ends_at = rota_week.midnight(last + timedelta(days=1), zone)
        await leave.add(tx, visitor.actor, person_id, rota_week.midnight(first, zone), ends_at)
        return f"{HERE}/{team_id}/leave"

    return await _form(team_id).take(request, "add", do)


def _wanted(day: date | None) -> date:
    if day is None:
        raise Refused("time_unknown")
    if day > rota_week.LATEST:
        raise Refused("until_too_far", days=leave.LONGEST.days)
    if day < rota_week.EARLIEST:
        raise Refused("until_past")
    return day


@routes.post(HERE + "/{team}/leave/{id}/end")
@again.asked
async def end(request: web.Request) -> web.StreamResponse:
    """They will not be away after all."""
    leave_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> None:
        await leave.remove(tx, visitor.actor, leave_id)

    return await done(request, "remove", SUBJECT, work, back=f"{HERE}/{request.match_info['team']}/leave")
