"""What is done about one person by a button: an invitation, a training, a lost phone, deactivating, bringing back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from safety_service.actions import directory, leaving, linking, people_changing
from safety_service.services import SETTINGS
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done, looked, said
from safety_service.web.filling import Form, Typed
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.people import HERE, SUBJECT
from safety_service.web.running_words import missing_said, post_said, span_said
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.post(HERE + "/{id}/invite")
@again.asked
async def invite(request: web.Request) -> web.StreamResponse:
    """A one-time code, shown once: this page is nowhere to be found again. An older code stops working."""
    person_id = id_of(request)

    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        return {"person": await directory.person_of(tx, visitor.actor, person_id), "invitation": None}

    async def do(tx: Tx, visitor: Visitor, _typed: Typed) -> Any:
        person = await directory.person_of(tx, visitor.actor, person_id)
        made = await linking.invite(tx, visitor.actor, person_id)
        link = made.web_link(request.app[SETTINGS].base_url)
        context = {"person": person, "invitation": made, "link": link, "fault": None}
        return lambda seen_by: page(request, "person_invited.html", seen_by, context=context)

    return await Form(subject=SUBJECT, template="person_invited.html", draw=draw).take(request, "invite", do)


@routes.post(HERE + "/{id}/training")
async def train(request: web.Request) -> web.StreamResponse:
    """They had a training on a day."""
    typed = Typed(await request.post(), sent=True)
    person_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> str:
        await people_changing.train(tx, visitor.actor, person_id, typed.get("code"), typed.day("on"))
        return f"{HERE}/{person_id}?done=trained"

    return await done(request, "train", SUBJECT, work, back=f"{HERE}/{person_id}")


@routes.post(HERE + "/{id}/lost")
async def lost(request: web.Request) -> web.StreamResponse:
    """Nothing speaks for them until they are invited again. Their watch and their duty go on."""
    person_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> str:
        await leaving.lost_phone(tx, visitor.actor, person_id)
        return f"{HERE}/{person_id}?done=lost"

    return await done(request, "lost", SUBJECT, work, back=f"{HERE}/{person_id}")


@routes.get(HERE + "/{id}/deactivate")
async def leaving_page(request: web.Request) -> web.StreamResponse:
    """What follows, before the button that does it."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        found = await leaving.consequences(tx, visitor.actor, id_of(request))
        zone, names = visitor.known.zone, {found.person.id: found.person.name}
        return {
            "found": found,
            "person": found.person,
            "gaps": [
                (
                    team.name,
                    post_said(each.post),
                    span_said(each.starts_at, each.ends_at, zone),
                    missing_said(each, names),
                )
                for team, each in found.gaps
            ],
            "refused": "" if found.refused is None else said(found.refused, visitor),
        }

    visitor, context = await looked(request, SUBJECT, work)
    return page(request, "person_deactivate.html", visitor, context=context)


@routes.post(HERE + "/{id}/deactivate")
@again.asked
async def deactivate(request: web.Request) -> web.StreamResponse:
    """They work here no more."""
    person_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> str:
        await leaving.deactivate(tx, visitor.actor, person_id)
        return f"{HERE}/{person_id}?done=gone"

    return await done(request, "deactivate", SUBJECT, work, back=f"{HERE}/{person_id}")


@routes.post(HERE + "/{id}/back")
@again.asked
async def bring_back(request: web.Request) -> web.StreamResponse:
    """They work here again."""
    person_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> str:
        await people_changing.bring_back(tx, visitor.actor, person_id)
        return f"{HERE}/{person_id}?done=back"

    return await done(request, "bring_back", SUBJECT, work, back=f"{HERE}/{person_id}")
