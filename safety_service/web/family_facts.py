"""Risk facts on plain pages: adding one, one with all that belongs to it, correcting, ending, raising and lowering."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms import Form
from config.forms_family import FACT, FACT_CORRECT, FACT_END, FACT_REVIEW, FACT_TOLD, LOWER, RAISE
from safety_service.actions import circle, facts, families, raising
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.facts import FactView, NewFact
from safety_service.store.database import Tx
from safety_service.web import again, family_words
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, said_day
from safety_service.web.family_frame import Group, cards
from safety_service.web.form_page import Words
from safety_service.web.forming import Draw, Drawn, show, take
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "risk_fact"
#: Whom it was aimed at is known from the debrief, not typed here.
TARGETED = "targeted"
KINDS = {
    "violence": "Violence",
    "weapon": "A weapon",
    "open_threat": "Open threat",
    "veiled_threat": "Veiled threat",
    "targeted": "Aimed at one worker",
    "confrontation": "Confrontation",
    "avoidance": "Avoidance",
    "disguised_compliance": "Agreed, did nothing",
    "dog": "Loose dog",
    "other": "Something else",
    "raised": "Raised by hand",
    "lowered_to_low": "Lowered to low by hand",
    "lowered_to_medium": "Lowered to medium by hand",
}
#: These are danger, as long as they count.
DANGER = frozenset({"violence", "weapon", "open_threat", "veiled_threat", "targeted"})
#: The family counts for less by these, as by lowering its risk.
LOWERING = frozenset({"correct", "end"})
Do = Callable[[Tx, Actor, UUID, Mapping[str, Any]], Awaitable[object]]


@routes.get("/families/{ref}/facts")
async def listed(request: web.Request) -> web.StreamResponse:
    """All of a family: what counts now first; each with how it is known, and when it is looked at again."""
    ref = request.match_info["ref"]

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[FactView], bool, date]:
        family, found = await facts.with_family(tx, visitor.actor, ref)
        return found, families.changes(visitor.actor, family), await circle.today(tx, visitor.actor.agency_id)

    visitor, (found, may, today) = await looked(request, SUBJECT, work)
    counting = [fact_card(each, link=may, today=today) for each in found if _counts(each)]
    past = [fact_card(each, link=may) for each in found if not _counts(each)]
    groups = [Group(heading="What counts now", cards=counting, empty="Nothing is known that counts now.")]
    groups += [Group(heading="Past, corrected, ended", cards=past)] if past else []
    links = [(families.page_of(ref, "facts/new"), "Add a risk fact")] if may else []
    links.append((families.page_of(ref, "risk/raise"), "Raise the risk"))
    return cards(request, visitor, ref, "facts", "risk facts", groups, links=links)


@routes.get("/families/{ref}/facts/new")
async def new(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw_new(request))


@routes.post("/families/{ref}/facts/new")
async def add(request: web.Request) -> web.StreamResponse:
    """Keep a fact."""
    ref = request.match_info["ref"]

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await facts.add(tx, visitor.actor, ref, _new_fact(answers))
        return families.page_of(ref, "facts")

    return await take(request, SUBJECT, "add", _draw_new(request), do)


@routes.get("/families/{ref}/risk/{way:raise|lower}")
async def setting(request: web.Request) -> web.StreamResponse:
    """The form by which the risk is raised or lowered."""
    return await show(request, SUBJECT, _draw_risk(request))


@routes.post("/families/{ref}/risk/{way:raise|lower}")
@again.asked_when(lambda request, _given: request.match_info["way"] == "lower")
async def set_(request: web.Request) -> web.StreamResponse:
    """Raise or lower it."""
    ref = request.match_info["ref"]

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        if request.match_info["way"] == "raise":
            await raising.raise_risk(tx, visitor.actor, ref, answers["why"])
        else:
            await raising.lower_risk(tx, visitor.actor, ref, answers["to"], answers["why"], int(answers["days"]))
        return families.page_of(ref, "facts")

    return await take(request, SUBJECT, request.match_info["way"], _draw_risk(request), do)


@routes.get("/facts/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    """One fact with all that belongs to it."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[str, FactView]:
        family, found = await facts.one(tx, visitor.actor, id_of(request))
        return family.ref, found

    visitor, (ref, found) = await looked(request, SUBJECT, work)
    here = f"/facts/{found.row.id}"
    links = [(f"{here}/{verb}", label) for verb, (label, _, _) in CHANGES.items()] if not found.ended else []
    return cards(request, visitor, ref, "facts", "a risk fact", [Group(cards=[fact_card(found)])], links=links)


@routes.get("/facts/{id}/{verb}")
async def changing(request: web.Request) -> web.StreamResponse:
    """One of the forms."""
    return await show(request, SUBJECT, _draw_change(request))


@routes.post("/facts/{id}/{verb}")
@again.asked_when(lambda request, _given: request.match_info["verb"] in LOWERING)
async def change(request: web.Request) -> web.StreamResponse:
    """Correct it, end it, say what the family was told, look at it again."""
    verb = request.match_info["verb"]
    if verb not in CHANGES:
        raise NotFound

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        family, _ = await facts.one(tx, visitor.actor, id_of(request))
        await CHANGES[verb][2](tx, visitor.actor, id_of(request), answers)
        return families.page_of(family.ref, "facts")

    return await take(request, SUBJECT, verb, _draw_change(request), do)


def _counts(found: FactView) -> bool:
    return not (found.past or found.ended)


def fact_card(found: FactView, *, link: bool = False, today: date | None = None) -> Card:
    """A fact as a card; it says so where it was to be looked at again before `today`."""
    row = found.row
    marks = [
        name
        for name, true in (
            ("corrected", found.corrected_by is not None),
            ("ended", found.ended and found.corrected_by is None),
            ("past", found.past and not found.ended),
        )
        if true
    ]
    title = KINDS.get(row.kind, row.kind) + (f" ({', '.join(marks)})" if marks else "")
    return Card(
        title=f"{title}, {said_day(row.on)}",
        lines=(
            ("What is known", row.says or ""),
            ("How it is known", family_words.SOURCES.get(row.source, row.source)),
            ("Told to the family", family_words.TOLD.get(row.told or "", "")),
            ("What they were told, or why not", row.told_why or ""),
            ("What they say", row.their_view or ""),
            ("Look again on", said_day(row.review_on)),
            ("Ended on" if found.ended else "Ends on", said_day(row.ended_on)),
            ("Why", row.ended_why or ""),
        ),
        link=(f"/facts/{row.id}", "More, and change it") if link else None,
        alerted=row.kind in DANGER and _counts(found),
        tag="look at it again" if today is not None and row.review_on is not None and row.review_on <= today else "",
    )


def _draw_new(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await families.read(tx, visitor.actor, request.match_info["ref"])
        families.may_change(visitor.actor, family)
        return Drawn(
            form=FACT,
            words=await _with_kinds(tx, visitor),
            heading=f"{family.ref}: a risk fact",
            action=families.page_of(family.ref, "facts/new"),
            back=families.page_of(family.ref, "facts"),
            intro=("It counts for every visit from now on, those that run too.",),
        )

    return draw


def _draw_risk(request: web.Request) -> Draw:
    raises = request.match_info["way"] == "raise"

    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await families.read(tx, visitor.actor, request.match_info["ref"])
        said = (
            "It counts as high until a manager ends or lowers it."
            if raises
            else "What is known now counts for less, for a while. What becomes known later counts in full."
        )
        return Drawn(
            form=RAISE if raises else LOWER,
            words=family_words.RISK,
            heading=f"{family.ref}: {'raise' if raises else 'lower'} the risk",
            action=families.page_of(family.ref, f"risk/{request.match_info['way']}"),
            back=families.page_of(family.ref),
            intro=(said,),
        )

    return draw


def _draw_change(request: web.Request) -> Draw:
    verb = request.match_info["verb"]

    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        if verb not in CHANGES:
            raise NotFound
        family, found = await facts.one(tx, visitor.actor, id_of(request))
        families.may_change(visitor.actor, family)
        label, form, _ = CHANGES[verb]
        row = found.row
        kept = {"kind": row.kind, "on": row.on.isoformat(), "says": row.says or "", "told": row.told or ""}
        kept |= {"told_why": row.told_why or "", "their_view": row.their_view or ""}
        return Drawn(
            form=form,
            words=await _with_kinds(tx, visitor, row.kind),
            heading=f"{family.ref}: {label}",
            action=f"/facts/{row.id}/{verb}",
            back=f"/facts/{row.id}",
            answers={key: value for key, value in kept.items() if value},
        )

    return draw


async def _with_kinds(tx: Tx, visitor: Visitor, *more: str) -> Words:
    known = facts.kinds(await tx.policy(), (await tx.guidance(visitor.actor.agency_id)).guidance) - {TARGETED} | set(
        more
    )
    labels = {kind: KINDS.get(kind, kind) for kind in (*KINDS, *sorted(known)) if kind in known}
    words = family_words.FACT
    sources = {key: family_words.SOURCES[key] for key in facts.SOURCES}
    return Words(says=words.says, options={**words.options, "kind": labels, "source": sources}, help=words.help)


def _new_fact(answers: Mapping[str, Any]) -> NewFact:
    review_on = answers.get("review_on")
    return NewFact(
        kind=answers["kind"],
        on=date.fromisoformat(answers["on"]),
        source=answers["source"],
        says=answers.get("says", ""),
        review_on=date.fromisoformat(review_on) if review_on else None,
        told=answers["told"],
        told_why=answers.get("told_why", ""),
        their_view=answers.get("their_view", ""),
    )


async def _correct(tx: Tx, actor: Actor, fact_id: UUID, answers: Mapping[str, Any]) -> None:
    changes = {"kind": answers["kind"], "on": date.fromisoformat(answers["on"]), "says": answers.get("says")}
    await facts.correct(tx, actor, fact_id, changes, answers["why"])


async def _end(tx: Tx, actor: Actor, fact_id: UUID, answers: Mapping[str, Any]) -> None:
    await facts.end(tx, actor, fact_id, answers["why"])


async def _told(tx: Tx, actor: Actor, fact_id: UUID, answers: Mapping[str, Any]) -> None:
    why, view = answers.get("told_why", ""), answers.get("their_view", "")
    await facts.tell_family(tx, actor, fact_id, answers["told"], why, view)


async def _reviewed(tx: Tx, actor: Actor, fact_id: UUID, answers: Mapping[str, Any]) -> None:
    await facts.reviewed(tx, actor, fact_id, date.fromisoformat(answers["review_on"]))


CHANGES: dict[str, tuple[str, Form, Do]] = {
    "told": ("What the family was told", FACT_TOLD, _told),
    "review": ("It stands: look again later", FACT_REVIEW, _reviewed),
    "correct": ("Correct it", FACT_CORRECT, _correct),
    "end": ("It counts no more", FACT_END, _end),
}
