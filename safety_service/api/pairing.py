"""Linking a phone or a program: a code from `doorstep invite` becomes a bearer token. Who am I; drop a lost phone."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from safety_service.actions import signing_in
from safety_service.actions.visitors import devices_of
from safety_service.api.body import Body, read_strictly
from safety_service.api.call import Call, endpoint
from safety_service.api.problems import PREFIX
from safety_service.api.refused import refused_problem
from safety_service.domain.refusal import Refused
from safety_service.guesses import may_try, was_wrong
from safety_service.services import DATABASE
from safety_service.transact import in_transaction

routes = web.RouteTableDef()


class PairBody(Body):
    """The code, and what the device is called in the list of one's devices."""

    code: Annotated[str, Field(min_length=1, max_length=200)]
    label: Annotated[str, Field(max_length=80)] = ""


@routes.post(f"{PREFIX}/pair")
async def pair(request: web.Request) -> web.StreamResponse:
    """A token for a code. A code works once, so the same request again is refused: ask for another code."""
    body = read_strictly(PairBody, request, await request.read())
    if not await may_try(request) and not await _would(request, body.code):
        return refused_problem(Refused("too_many_tries")).response()
    label = body.label or request.headers.get("User-Agent", "")[:80]
    try:
        signed_in = await in_transaction(
            request.app[DATABASE], lambda tx: signing_in.sign_in(tx, body.code, label, kind="device")
        )
    except Refused as refused:
        await was_wrong(request)
        raise refused_problem(refused) from refused
    person = {"id": str(signed_in.person.id), "name": signed_in.person.name}
    return web.json_response({"token": signed_in.token, "person": person}, status=201)


async def _would(request: web.Request, code: str) -> bool:
    """Nobody guesses a code of 128 bits: whoever has one goes by, however many wrong ones came from their network."""
    async with request.app[DATABASE].reading() as tx:
        return await signing_in.would_pair(tx, code)


@routes.get(f"{PREFIX}/me")
@endpoint("person")
async def me(call: Call) -> dict[str, Any]:
    """The caller, their roles and their devices."""
    devices = [each for each in await devices_of(call.tx, call.actor) if each.kind == "device"]
    return {
        "id": str(call.actor.person_id),
        "name": call.actor.name,
        "agency_id": str(call.actor.agency_id),
        "timezone": call.known.zone.key,
        "office_phone": call.known.office_phone,
        "roles": [
            {"team_id": str(team), "roles": sorted(str(role) for role in roles)}
            for team, roles in call.actor.roles.items()
        ],
        "devices": [
            {
                "id": str(each.id),
                "label": each.label,
                "created_at": each.created_at.isoformat(),
                "seen_at": each.seen_at.isoformat(),
                "this": each.id == call.known.session.id,
            }
            for each in devices
        ],
    }


@routes.delete(f"{PREFIX}/me/devices/{{id}}")
@endpoint("session")
async def drop_device(call: Call) -> dict[str, Any]:
    """A lost phone speaks for nobody any more."""
    device = call.id()
    await signing_in.end(call.tx, call.actor, device)
    return {"id": str(device), "ended": True}
