"""Whether the service lives, and whether it keeps the watch."""

from typing import Any

from aiohttp import web

from safety_service.actions.canary import Canary
from safety_service.services import HEALTH

routes = web.RouteTableDef()


@routes.get("/health/live")
async def live(_request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"live": True}, headers=_NOT_KEPT)


@routes.get("/health/ready")
async def ready(request: web.Request) -> web.Response:
    """200 while the watch is kept; else 503, and why. Warnings need somebody's eye, no other server; notes, nothing."""
    health = await request.app[HEALTH]()
    found = {"faults": health.faults, "warnings": health.warnings, "notes": health.notes}
    body: dict[str, Any] = {"ready": health.ready, **{kind: list(said) for kind, said in found.items()}}
    if health.canary is not None:
        body["canary"] = _of(health.canary)
    return web.json_response(body, status=200 if health.ready else 503, headers=_NOT_KEPT)


def _of(canary: Canary) -> dict[str, Any]:
    """When the last one came, and how late."""
    came = None if canary.came_at is None else canary.came_at.isoformat()
    return {"came_at": came, "late_seconds": canary.late, "missed": canary.missed}


_NOT_KEPT = {"Cache-Control": "no-store"}
