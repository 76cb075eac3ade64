"""One shift on its page: who has it, who stands in, and what would be missing without it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import rota_changes, rota_week
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done
from safety_service.web.filling import Form, Typed
from safety_service.web.paths import id_of
from safety_service.web.rota import HERE, SUBJECT
from safety_service.web.rota_drawn import gaps_of
from safety_service.web.running_words import SOMEBODY, field_time, post_said, shown_names, span_said
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


def _form(shift_id: UUID) -> Form:
    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        found = await rota_week.one(tx, visitor.actor, shift_id)
        zone, shift = visitor.known.zone, found.shift
        names = shown_names(found.people, frozenset())
        people = await rota_week.who_can(tx, visitor.actor, found.team.id)
        return {
            "shift": shift,
            "team": found.team,
            "post": post_said(shift.post),
            "who": names.get(shift.person_id, SOMEBODY),
            "covers": names.get(shift.covers_id, SOMEBODY) if shift.covers_id else "",
            "when": span_said(shift.starts_at, shift.ends_at, zone),
            "runs": shift.runs(tx.now),
            "without": gaps_of(found.team.id, found.without, names, zone, tx.now),
            "people": [
                (each.id, each.name, found.team.id in each.roles) for each in people if each.id != shift.person_id
            ],
            "begins": field_time(max(shift.starts_at, tx.now), zone),
            "ends": field_time(shift.ends_at, zone),
            "there": f"{HERE}/{found.team.id}?day={shift.starts_at.astimezone(zone).date()}",
        }

    at = {"time_unknown": "from", "until_past": "to", "ends_before_start": "to", "not_on_duty": "from"}
    at |= {"not_to_them": "person", "worker_wanted": "person", "cover_yourself": "person", "deactivated": "person"}
    return Form(subject=SUBJECT, template="rota_shift.html", draw=draw, at=at)


@routes.get(HERE + "/shifts/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    """The shift. Raises NotFound."""
    return await _form(id_of(request)).show(request)


@routes.post(HERE + "/shifts/{id}/cover")
@again.asked
async def cover(request: web.Request) -> web.StreamResponse:
    """Somebody stands in, for all of it or a part."""
    shift_id = id_of(request)

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        zone = visitor.known.zone
        starts_at, ends_at = typed.moment("from", zone), typed.moment("to", zone, ending=True)
        person_id = typed.id("person")
        if person_id is None:
            raise rota_week.nobody_chosen()
        put = await rota_changes.cover(tx, visitor.actor, shift_id, person_id, starts_at, ends_at)
        said = "on-unreached" if put.added.unreachable else "on-away" if put.away else "on"
        return f"{HERE}/{put.added.shift.team_id}?day={starts_at.astimezone(zone).date()}&done={said}"

    return await _form(shift_id).take(request, "cover", do)


@routes.post(HERE + "/shifts/{id}/off")
@again.asked
async def off(request: web.Request) -> web.StreamResponse:
    """Take it off the rota."""
    shift_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> str:
        gone = await rota_changes.take_off(tx, visitor.actor, shift_id)
        return f"{HERE}/{gone.team_id}?day={gone.starts_at.astimezone(visitor.known.zone).date()}&done=off"

    return await done(request, "take_off", SUBJECT, work, back=HERE)
