"""Undertakings on plain pages: all of a family, one with its notes, writing one down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms_around import UNDERTAKING, UNDERTAKING_NOTE
from safety_service.actions import circle, families, undertakings
from safety_service.actions.circle import Circle
from safety_service.actions.undertakings import HOLDING, Kept, Terms
from safety_service.actions.visitors import names_of
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, said_day, said_time
from safety_service.web.family_frame import Group
from safety_service.web.family_frame import cards as family_cards
from safety_service.web.form_page import Words
from safety_service.web.forming import Drawn, show, take
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "undertaking"
#: Stands wherever an undertaking is shown.
LABEL = "This says what is expected and what follows otherwise. It is not a partnership agreement."
STATES = {"open": "holds", "kept": "kept", "broken": "broken", "ended": "ended"}
WORDS = Words(
    says={
        "concern": "What worries us",
        "expected": "What is to happen, or not to happen",
        "otherwise": "What follows otherwise",
        "agencies": "What each agency does when it is broken",
        "told": "Who was told, and by whom",
        "told_on": "Told on",
        "review_on": "Looked at again on",
    },
    help={"agencies": "A line each, like this. Police: come along for four weeks"},
)
NOTE_WORDS = Words(
    says={"state": "What became of it?", "note": "How do you know?", "review_on": "Looked at again on"},
    options={
        "state": {
            "open": "It goes on",
            "kept": "It was kept, and is done",
            "broken": "It was broken",
            "ended": "It ends for another reason",
        }
    },
)


@routes.get("/families/{ref}/undertakings")
async def listed(request: web.Request) -> web.StreamResponse:
    """All of a family, the newest first."""
    ref = request.match_info["ref"]

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[Kept], dict[UUID, str]]:
        found = await undertakings.of_family(tx, visitor.actor, ref)
        return found, await names_of(tx, {each.by for kept in found for each in kept.notes})

    visitor, (found, names) = await looked(request, SUBJECT, work)
    cards = [undertaking_card(each, names, visitor, link=True) for each in found]
    links = (
        [(families.page_of(ref, "undertakings/new"), "Write one down")] if visitor.actor.is_any(Role.MANAGER) else []
    )
    group = Group(cards=cards, empty="There is none.")
    return family_cards(request, visitor, ref, "undertakings", "undertakings", [group], warn=LABEL, links=links)


@routes.get("/undertakings/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    """One with its notes."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Circle, Kept, dict[UUID, str]]:
        family, kept = await undertakings.read(tx, visitor.actor, id_of(request))
        return family, kept, await names_of(tx, {each.by for each in kept.notes})

    visitor, (family, kept, names) = await looked(request, SUBJECT, work)
    links = []
    if kept.row.state in HOLDING and visitor.actor.teams(Role.MANAGER) & family.teams:
        links.append((f"/undertakings/{kept.row.id}/note", "Say what became of it"))
    group = Group(cards=[undertaking_card(kept, names, visitor)])
    return family_cards(request, visitor, family.ref, "undertakings", "undertaking", [group], warn=LABEL, links=links)


@routes.get("/families/{ref}/undertakings/new")
async def new(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw_new(request))


@routes.post("/families/{ref}/undertakings/new")
async def make(request: web.Request) -> web.StreamResponse:
    """Write one down."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        row = await undertakings.make(tx, visitor.actor, request.match_info["ref"], terms_of(answers))
        return f"/undertakings/{row.id}"

    return await take(request, SUBJECT, "make", _draw_new(request), do)


@routes.get("/undertakings/{id}/note")
async def noting(request: web.Request) -> web.StreamResponse:
    """The form for what became of it."""
    return await show(request, SUBJECT, _draw_note(request))


@routes.post("/undertakings/{id}/note")
async def note(request: web.Request) -> web.StreamResponse:
    """Say what became of it."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        review_on = answers.get("review_on")
        day = date.fromisoformat(review_on) if review_on else None
        await undertakings.note(tx, visitor.actor, id_of(request), answers["state"], answers["note"], day)
        return f"/undertakings/{id_of(request)}"

    return await take(request, SUBJECT, "note", _draw_note(request), do)


def terms_of(answers: Mapping[str, Any]) -> Terms:
    """What the form brought."""
    lines = str(answers.get("agencies", "")).splitlines()
    agencies = dict(_agency(each, number) for number, each in enumerate(lines, 1) if each.strip())
    return Terms(
        concern=answers["concern"],
        expected=answers["expected"],
        otherwise=answers["otherwise"],
        told=answers["told"],
        told_on=date.fromisoformat(answers["told_on"]),
        review_on=date.fromisoformat(answers["review_on"]),
        agencies=agencies,
    )


def _agency(line: str, number: int) -> tuple[str, str]:
    """A line without a colon is kept too, under its number."""
    who, colon, does = line.partition(":")
    return (who, does) if colon else (f"{number}", line)


def _draw_new(request: web.Request) -> Any:
    ref = request.match_info["ref"]

    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await circle.by_ref(tx, visitor.actor, ref)
        circle.managed(visitor.actor, family)
        return Drawn(
            form=UNDERTAKING,
            words=WORDS,
            heading=f"{family.ref}: write down an undertaking",
            action=families.page_of(family.ref, "undertakings/new"),
            back=families.page_of(family.ref, "undertakings"),
            intro=[LABEL],
        )

    return draw


def _draw_note(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family, kept = await undertakings.read(tx, visitor.actor, id_of(request))
        circle.managed(visitor.actor, family)
        return Drawn(
            form=UNDERTAKING_NOTE,
            words=NOTE_WORDS,
            heading=f"{family.ref}: what became of it?",
            action=f"/undertakings/{kept.row.id}/note",
            back=f"/undertakings/{kept.row.id}",
            intro=[f"Expected: {kept.row.body['expected']}", f"Otherwise: {kept.row.body['otherwise']}"],
        )

    return draw


def undertaking_card(
    kept: Kept, names: Mapping[UUID, str], visitor: Visitor, *, link: bool = False, label: bool = False
) -> Card:
    """An undertaking as a card; `label`: it says what it is, where the page does not."""
    body, made_on = kept.row.body, kept.row.made_at.astimezone(visitor.known.zone).date()
    notes = [
        f"{said_time(each.at, visitor)}, {names.get(each.by, '')}: {STATES[each.state]}. "
        + (each.note or "As told in the debrief.")
        for each in kept.notes
    ]
    return Card(
        title=f"Undertaking of {said_day(made_on)}",
        tag=STATES[kept.row.state],
        lines=[
            ("What it is", LABEL if label else ""),
            (WORDS.says["concern"], body["concern"]),
            (WORDS.says["expected"], body["expected"]),
            (WORDS.says["otherwise"], body["otherwise"]),
            (WORDS.says["agencies"], "\n".join(f"{who}: {does}" for who, does in body["agencies"].items())),
            (WORDS.says["told"], f"{body['told']} ({said_day(body['told_on'])})"),
            (WORDS.says["review_on"], said_day(kept.row.review_on)),
            ("What became of it", "\n".join(notes)),
        ],
        link=(f"/undertakings/{kept.row.id}", "Open it") if link else None,
    )
