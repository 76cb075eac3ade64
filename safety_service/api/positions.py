"""Positions between check-ins, many at once. They move no deadline; an alarm shows the last one."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import AwareDatetime, Field

from safety_service.actions import live
from safety_service.actions.words import Word
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.problems import PREFIX
from safety_service.api.words import PositionBody

MOST = 100  # positions in one request

routes = web.RouteTableDef()


class TrackedPosition(PositionBody):
    """A position and when it was."""

    at: AwareDatetime


class PositionsBody(Body):
    """The batch, in any order."""

    positions: Annotated[tuple[TrackedPosition, ...], Field(min_length=1, max_length=MOST)]


@routes.post(f"{PREFIX}/visits/{{id}}/positions")
@endpoint("visit")
async def positions(call: Call) -> dict[str, Any]:
    """Keep a sample: one a minute."""
    batch = sorted(call.body(PositionsBody).positions, key=lambda each: each.at)
    words = (Word(said_at=each.at, position=each.position()) for each in batch)
    kept = [await live.sample(call.tx, call.actor, call.id(), word) for word in words]
    return {"received": len(batch), "kept": sum(kept)}
