"""How a worker's own work goes on, wherever they go: decided by a manager of their team, on a plain page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from aiohttp import web

from config.forms_plan import COURSE
from safety_service.actions import courses
from safety_service.actions.courses import Direction
from safety_service.domain.course import CourseKind
from safety_service.store.database import Tx
from safety_service.web import again, plan_words
from safety_service.web.forming import Draw, Drawn, show, take
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "worker"


@routes.get("/people/{id}/course")
async def course(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw(request))


@routes.post("/people/{id}/course")
@again.asked
async def decide(request: web.Request) -> web.StreamResponse:
    """Decide. Their visits to come are held against it at once."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        until_on = date.fromisoformat(answers["until_on"])
        direction = Direction(kind=CourseKind(answers["kind"]), reason=answers["reason"], until_on=until_on)
        await courses.for_worker(tx, visitor.actor, id_of(request), direction)
        return f"/people/{id_of(request)}/supervision"

    return await take(request, SUBJECT, "decide", _draw(request), do)


def _draw(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        worker = await courses.worker_to_direct(tx, visitor.actor, id_of(request))
        here = f"/people/{worker.id}"
        return Drawn(
            form=COURSE,
            words=replace(plan_words.COURSE, says={**plan_words.COURSE.says, "kind": "How does their work go on?"}),
            heading=f"{worker.name}: how does their work go on?",
            action=f"{here}/course",
            back=f"{here}/supervision",
            intro=["It counts at every family that they go to. What a family's own plan demands stays as it is."],
            button="Decide",
        )

    return draw
