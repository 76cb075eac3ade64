"""What changed between any two versions of a plan: each measure as it was, and as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from config.guidance import Demands, Guidance
from safety_service.actions import plans, renewing
from safety_service.actions.errors import NotFound
from safety_service.actions.plans import Compared
from safety_service.actions.visitors import names_of
from safety_service.domain.plan import Because, Change
from safety_service.store.database import Tx
from safety_service.store.plans import Version
from safety_service.web.acting import looked
from safety_service.web.around_page import said_day, said_time
from safety_service.web.family_frame import frame
from safety_service.web.pages import page
from safety_service.web.plan_words import CAUSES, CHANGES, FIELDS, STATES, because, demanded
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "plan"
#: Stands where there was nothing.
NOTHING = "–"


@routes.get("/families/{ref}/plan/changes")
async def changes(request: web.Request) -> web.StreamResponse:
    """The page; that the two versions were read is kept in the evidence log."""
    one, other = _number(request, "from"), _number(request, "to")

    async def work(tx: Tx, visitor: Visitor) -> tuple[Compared, Guidance, dict[UUID, str]]:
        found = await plans.compare(tx, visitor.actor, request.match_info["ref"], one, other)
        guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
        return found, guidance, await names_of(tx, set(_people(found)))

    visitor, (found, guidance, names) = await looked(request, SUBJECT, work)
    context = {
        "frame": frame(visitor, found.ref, "plan"),
        "earlier": _version(found.earlier, names, visitor),
        "later": _version(found.later, names, visitor),
        "changes": [_change(each, guidance, names) for each in found.changes],
        "numbers": sorted(found.numbers),
        "here": f"{renewing.plan_page(found.ref)}/changes",
        "plan": renewing.plan_page(found.ref),
    }
    return page(request, "plan_changes.html", visitor, context=context)


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    if not text.isdecimal() or len(text) > 6:
        raise NotFound
    return int(text)


def _people(found: Compared) -> Iterator[UUID]:
    for version in (found.earlier, found.later):
        if version.made_by is not None:
            yield version.made_by
        yield from (UUID(each["worker_id"]) for each in version.measures if each.get("worker_id"))


def _version(version: Version, names: Mapping[UUID, str], visitor: Visitor) -> dict[str, Any]:
    by = "" if version.made_by is None else f", {names.get(version.made_by, '')}"
    made = f"{said_time(version.made_at, visitor)}, {CAUSES.get(version.cause, version.cause)}{by}"
    return {"number": version.number, "made": made, "why": version.why}


def _change(change: Change, guidance: Guidance, names: Mapping[UUID, str]) -> dict[str, Any]:
    fields = change.difference.fields or tuple(FIELDS)
    before, after = change.before or {}, change.after or {}
    told = [
        (FIELDS[name], _said(name, before.get(name), guidance, names), _said(name, after.get(name), guidance, names))
        for name in fields
        if name in FIELDS
    ]
    return {
        "what": CHANGES[change.difference.what],
        "kind": change.difference.what,
        "says": change.difference.says,
        "fields": [(label, was or NOTHING, now or NOTHING) for label, was, now in told if was or now],
    }


def _said(name: str, value: Any, guidance: Guidance, names: Mapping[UUID, str]) -> str:
    """A field of a measure's picture, in words."""
    if not value:
        return ""
    if name == "demands":
        return demanded(Demands.model_validate(value))
    if name == "because":
        return because(Because.read(value), guidance)
    if name == "worker_id":
        return names.get(UUID(value), "")
    if name in ("from_on", "until_on"):
        return said_day(value)
    return STATES.get(value, value) if name == "state" else str(value)
