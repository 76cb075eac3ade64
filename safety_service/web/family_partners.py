"""Other agencies at a family, on plain pages: adding one, one with its contact, changing, verifying, ending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from config.forms_family import PARTNER
from safety_service.actions import families, partners
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.partners import Partner
from safety_service.web import family_words
from safety_service.web.acting import done, looked
from safety_service.web.around_page import Card, said_day
from safety_service.web.family_frame import Group, cards
from safety_service.web.form_page import Words
from safety_service.web.forming import Draw, Drawn, show, take
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "partner"
#: Always sent, so that what is emptied is empty.
_EMPTY = {"contact": {}, "meets": [], "withheld": "", "kept_out": ""}


@routes.get("/families/{ref}/partners/new")
async def new(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw_new(request))


@routes.post("/families/{ref}/partners/new")
async def add(request: web.Request) -> web.StreamResponse:
    """Another agency comes to the family."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        made = await partners.add(tx, visitor.actor, request.match_info["ref"], {**_EMPTY, **answers})
        return f"/partners/{made.id}"

    return await take(request, SUBJECT, "add", _draw_new(request), do)


@routes.get("/partners/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    """One agency."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[str, Partner, Card]:
        family, row = await partners.one(tx, visitor.actor, id_of(request))
        return family.ref, row, partner_card(row, await _behaviours(tx, visitor))

    visitor, (ref, row, card) = await looked(request, SUBJECT, work)
    links: list[tuple[str, str]] = []
    forms: list[tuple[str, str]] = []
    if row.ended_at is None:
        links = [(f"/partners/{row.id}/change", "Change it")]
        forms = [
            (f"/partners/{row.id}/verify", "I made sure that this is the right contact"),
            (f"/partners/{row.id}/end", "They have left this family"),
        ]
    return cards(request, visitor, ref, "around", row.organisation, [Group(cards=[card])], links=links, forms=forms)


@routes.get("/partners/{id}/change")
async def changing(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw_change(request))


@routes.post("/partners/{id}/change")
async def change(request: web.Request) -> web.StreamResponse:
    """Change what is known of it."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        row = await partners.change(tx, visitor.actor, id_of(request), _version(request), {**_EMPTY, **answers})
        return f"/partners/{row.id}"

    return await take(request, SUBJECT, "change", _draw_change(request), do)


@routes.post("/partners/{id}/{verb:verify|end}")
async def act(request: web.Request) -> web.StreamResponse:
    """Somebody made sure of the contact; or the agency has left the family."""
    verb = request.match_info["verb"]

    async def work(tx: Tx, visitor: Visitor) -> None:
        await (partners.verify if verb == "verify" else partners.end)(tx, visitor.actor, id_of(request))

    return await done(request, verb, SUBJECT, work, back=f"/partners/{id_of(request)}")


def partner_card(row: Partner, behaviours: Mapping[str, str], *, link: bool = False) -> Card:
    """An agency as a card. `behaviours`: the guidance's words by key."""
    contact = ", ".join(row.contact[name] for name in ("name", "role", "phone", "email") if row.contact.get(name))
    sure = f"since {said_day(row.verified_at.date())}" if row.verified_at else "nobody has made sure of it"
    return Card(
        title=row.organisation + (" (left)" if row.ended_at else ""),
        lines=(
            ("Contact", f"{contact} ({sure})" if contact else ""),
            ("Meets", ", ".join(behaviours.get(key, key) for key in row.meets)),
            ("Still goes", family_words.VISITS.get(row.visits, row.visits)),
            ("Withholds", row.withheld or ""),
            ("Deals with it", family_words.STANCES.get(row.stance, "") if row.stance != "not_known" else ""),
            ("Must not learn", row.kept_out or ""),
        ),
        link=(f"/partners/{row.id}", "More, and change it") if link else None,
    )


def _draw_new(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await families.read(tx, visitor.actor, request.match_info["ref"])
        families.may_change(visitor.actor, family)
        return Drawn(
            form=PARTNER,
            words=_words(await _behaviours(tx, visitor)),
            heading=f"{family.ref}: another agency",
            action=families.page_of(family.ref, "partners/new"),
            back=families.page_of(family.ref, "around"),
            answers={"visits": "not_known", "stance": "not_known"},
        )

    return draw


def _draw_change(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family, row = await partners.one(tx, visitor.actor, id_of(request))
        families.may_change(visitor.actor, family)
        kept = {name: getattr(row, name) for name in partners.FIELDS}
        behaviours = await _behaviours(tx, visitor)
        return Drawn(
            form=PARTNER,
            words=_words(behaviours),
            heading=f"{family.ref}: {row.organisation}",
            action=f"/partners/{row.id}/change?version={row.version}",
            back=f"/partners/{row.id}",
            intro=_meanwhile(request, row, behaviours),
            answers={**kept, "meets": list(row.meets), "contact": dict(row.contact)},
        )

    return draw


def _meanwhile(request: web.Request, row: Partner, behaviours: Mapping[str, str]) -> list[str]:
    """What stands there now, where what was sent is about an earlier version: sent again, it is about this one."""
    if request.method != "POST" or request.query.get("version") == str(row.version):
        return []
    card = partner_card(row, behaviours)
    told = [f"{label}: {text}" for label, text in card.told]
    return [family_words.MEANWHILE, card.title, *told, family_words.YOURS]


async def _behaviours(tx: Tx, visitor: Visitor) -> dict[str, str]:
    guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
    return {key: each.says for key, each in guidance.asked("behaviours").items()}


def _words(behaviours: Mapping[str, str]) -> Words:
    words = family_words.PARTNER
    return Words(says=words.says, options={**words.options, "meets": behaviours})


def _version(request: web.Request) -> int:
    try:
        return int(request.query.get("version", ""))
    except ValueError:
        raise Refused("changed_meanwhile") from None
