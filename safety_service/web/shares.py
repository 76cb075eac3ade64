"""Warning other agencies on plain pages: a family's information-sharing record, one entry, deciding it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from config.forms_around import ACKNOWLEDGED, SHARE
from safety_service.actions import acknowledging, sharing
from safety_service.actions.sharing import Decision, Seen
from safety_service.actions.visitors import names_of
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Basis, Decided
from safety_service.services import SETTINGS
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, said_day, said_time
from safety_service.web.family_frame import Group
from safety_service.web.family_frame import cards as family_cards
from safety_service.web.form_page import Words
from safety_service.web.forming import Drawn, show, take
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "share"
STATES = {
    "proposed": "waits for a decision",
    "sent": "sent, not acknowledged yet",
    "acknowledged": "acknowledged",
    "withheld": "withheld",
}
BASES = {
    "protect_worker": "To keep workers safe",
    "protect_child": "To keep a child (or adult) safe",
    "vital_interest": "Somebody's life or health is at stake now",
    "legal_duty": "The law asks for it",
    "consent": "They agree",
}
WORDS = Words(
    says={
        "decided": "Share it?",
        "basis": "What allows it?",
        "basis_note": "More about that",
        "with_context": "What else was going on for the person",
        "unverified": "The contact",
        "reason": "Your reason",
    },
    options={
        "decided": {"share": "Share it", "withhold": "Withhold it"},
        "basis": BASES,
        "with_context": {"yes": "Send it along: they need it to be safe"},
        "unverified": {"yes": "I know that nobody has checked this contact"},
    },
)
SUBJECT_LINE = "For the safety of workers"
#: Goes back with the decision: which text was read.
READ = "text_digest"
LATER = "Told only after the one before was decided: this is what is new."
#: What stands in the e-mail and on the link's page besides the guidance's words.
MET, CARE, CONTEXT = "What was met", "Take care", "What else was going on"


@routes.get("/families/{ref}/shares")
async def record(request: web.Request) -> web.StreamResponse:
    """The whole record of a family."""
    ref = request.match_info["ref"]

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[Seen], dict[UUID, str]]:
        found = await sharing.record(tx, visitor.actor, ref)
        return found, await _names(tx, found)

    visitor, (found, names) = await looked(request, SUBJECT, work)
    cards = [_card(each, names, visitor, link=True) for each in found]
    group = Group(cards=cards, empty="Nothing was shared, and nothing was proposed.")
    return family_cards(request, visitor, ref, "shares", "what other agencies were told", [group])


@routes.get("/shares/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    """One entry."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Seen, dict[UUID, str], bool]:
        seen = await sharing.read(tx, visitor.actor, id_of(request))
        return seen, await _names(tx, [seen]), await sharing.decides(tx, visitor.actor, seen.row)

    visitor, (seen, names, decides) = await looked(request, SUBJECT, work)
    links: list[tuple[str, str]] = []
    forms: list[tuple[str, str]] = []
    if decides and seen.row.state == "proposed":
        links = [(f"/shares/{seen.row.id}/decide", "Share it, or not"), *links]
    if decides and seen.row.state == "sent":
        forms = [(f"/shares/{seen.row.id}/link", "Make a new link")]
        links = [(f"/shares/{seen.row.id}/told", "They said on the phone that they have it"), *links]
    group = Group(cards=[_card(seen, names, visitor)])
    return family_cards(
        request, visitor, seen.ref, "shares", seen.partner.organisation, [group], links=links, forms=forms
    )


@routes.get("/shares/{id}/decide")
async def deciding(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw(request))


@routes.post("/shares/{id}/decide")
@again.asked
async def decide(request: web.Request) -> web.StreamResponse:
    """Decide it; what is shared shows its link, this once."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str | Callable[[], web.Response]:
        posted = await request.post()
        read = str(posted.get(READ) or "")
        seen = await sharing.decide(tx, visitor.actor, id_of(request), _decision(answers, read))
        return f"/shares/{seen.row.id}" if seen.token is None else lambda: _link_page(request, visitor, seen)

    return await take(request, SUBJECT, "decide", _draw(request), do)


@routes.post("/shares/{id}/link")
async def new_link(request: web.Request) -> web.StreamResponse:
    """Another link, the one before stops working."""

    async def work(tx: Tx, visitor: Visitor) -> Seen:
        return await sharing.new_link(tx, visitor.actor, id_of(request))

    visitor, seen = await looked(request, SUBJECT, work)
    return _link_page(request, visitor, seen)


@routes.get("/shares/{id}/told")
async def hearing(request: web.Request) -> web.StreamResponse:
    """Who has said that they have it."""
    return await show(request, SUBJECT, _draw_told(request))


@routes.post("/shares/{id}/told")
async def heard(request: web.Request) -> web.StreamResponse:
    """Keep who it was: nobody is asked after it any more."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await acknowledging.by_phone(tx, visitor.actor, id_of(request), answers["name"])
        return f"/shares/{id_of(request)}"

    return await take(request, SUBJECT, "acknowledge", _draw_told(request), do)


def _draw_told(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        seen = await sharing.read(tx, visitor.actor, id_of(request))
        if not await sharing.decides(tx, visitor.actor, seen.row):
            raise Refused("managers_only")
        return Drawn(
            form=ACKNOWLEDGED,
            words=Words(says={"name": "Who said so?"}, help={"name": "Their name, as they gave it on the phone."}),
            heading=f"{seen.ref}: {seen.partner.organisation}",
            action=f"/shares/{seen.row.id}/told",
            back=f"/shares/{seen.row.id}",
        )

    return draw


def _decision(answers: Mapping[str, Any], read: str) -> Decision:
    basis = answers.get("basis")
    return Decision(
        decided=Decided(answers["decided"]),
        reason=answers["reason"],
        basis=None if basis is None else Basis(basis),
        basis_note=answers.get("basis_note", ""),
        with_context=bool(answers.get("with_context")),
        unverified_known=bool(answers.get("unverified")),
        text_digest=read,
    )


def _draw(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        seen = await sharing.read(tx, visitor.actor, id_of(request))
        await sharing.must_decide(tx, visitor.actor, seen.row)
        contact = seen.partner.contact
        checked = "" if seen.partner.verified_at else " Nobody has checked this contact yet."
        who = ", ".join(str(contact[name]) for name in ("name", "role") if contact.get(name))
        return Drawn(
            form=SHARE,
            words=WORDS,
            heading=f"{seen.ref}: tell {seen.partner.organisation}?",
            action=f"/shares/{seen.row.id}/decide",
            back=f"/shares/{seen.row.id}",
            intro=[
                *([LATER] if seen.row.round > 1 else []),
                f"They would read: {'. '.join(told(seen, with_context=False))}.",
                *([f"Only if you say so: {', '.join(seen.row.body['context'])}."] if seen.row.body["context"] else []),
                f"To {who or 'whoever is there'}.{checked}",
                "A complaint by the family is no reason to keep it back.",
            ],
            button="Decide",
            hidden={READ: sharing.text_digest(seen.row)},
        )

    return draw


def told(seen: Seen, *, with_context: bool) -> list[str]:
    """What leaves, line by line."""
    body = seen.row.body
    lines = [f"{MET} on {said_day(body['on'])}: {', '.join(body['met'])}"]
    lines += [f"{CARE}: {', '.join(body['care'])}"] if body["care"] else []
    return lines + ([f"{CONTEXT}: {', '.join(body['context'])}"] if with_context and body["context"] else [])


def _link_page(request: web.Request, visitor: Visitor, seen: Seen) -> web.Response:
    """The link, and a ready message: only that there is something to read, never what."""
    url = f"{request.app[SETTINGS].base_url.rstrip('/')}/a/{seen.token}"
    body = f"Something about the safety of workers, for you to read once: {url}\nPlease confirm on that page."
    contact = seen.partner.contact
    mail = contact.get("email") or ""
    context = {
        "seen": seen,
        "url": url,
        "mailto": f"mailto:{quote(mail)}?subject={quote('For the safety of workers')}&body={quote(body)}"
        if mail
        else "",
        "phone": contact.get("phone") or "",
        "by": said_time(seen.row.acknowledge_by, visitor),
        "told": told(seen, with_context=bool(seen.row.body.get("with_context"))),
    }
    return page(request, "share_link.html", visitor, context=context)


def _card(seen: Seen, names: Mapping[UUID, str], visitor: Visitor, *, link: bool = False) -> Card:
    row = seen.row
    lines = told(seen, with_context=True)
    decided = "" if row.decided_by is None else f"{names.get(row.decided_by, '')}, {said_time(row.decided_at, visitor)}"
    done_at = said_time(row.acknowledged_at, visitor)
    return Card(
        title=seen.partner.organisation,
        tag=STATES[row.state],
        lines=[
            ("What", "\n".join(lines)),
            ("Proposed", said_time(row.proposed_at, visitor)),
            ("Later", LATER if row.round > 1 else ""),
            ("Decided", decided),
            ("What allows it", " ".join(filter(None, (BASES.get(row.basis or "", ""), row.basis_note)))),
            ("Reason", row.reason or ""),
            ("The contact", "Nobody had checked it." if row.body.get("unverified") else ""),
            ("To be acknowledged by", said_time(row.acknowledge_by, visitor) if row.state == "sent" else ""),
            ("Acknowledged", f"{row.acknowledged_by}, {done_at}" if done_at else ""),
        ],
        link=(f"/shares/{row.id}", "Open it") if link else None,
    )


async def _names(tx: Tx, found: list[Seen]) -> dict[UUID, str]:
    return await names_of(tx, {each.row.decided_by for each in found if each.row.decided_by is not None})
