"""A family on one page: what is kept of it part by part, its risk facts, who meets what; and finding one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms_family import FIND, PARTS, ROWS
from safety_service.actions import behaviours, facts, families, opening, partners, summaries
from safety_service.actions.errors import NotFound
from safety_service.actions.facts import FactView
from safety_service.actions.families import Family
from safety_service.actions.partners import Around
from safety_service.actions.visitors import names_of
from safety_service.domain.family import written
from safety_service.domain.hostility import US
from safety_service.domain.refusal import Refused
from safety_service.domain.trend import Line
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.openings import Opening
from safety_service.store.summaries import Summary
from safety_service.web import family_words
from safety_service.web import opening as opening_page
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, around, said_day, said_time
from safety_service.web.family_facts import fact_card
from safety_service.web.family_partners import partner_card
from safety_service.web.forming import Drawn, show, take
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "family"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All that the page shows."""

    family: Family
    facts: list[FactView]
    around: Around
    met: list[Line]
    summaries: list[Summary]
    #: Who opened it with a reason: for its managers.
    openings: list[Opening]
    #: The guidance's words for behaviours and communication needs, by key.
    words: Mapping[str, str]
    names: Mapping[str, str]


@routes.get("/families")
async def finding(request: web.Request) -> web.StreamResponse:
    """Where one asks for a family."""
    return await show(request, SUBJECT, _draw_find)


@routes.post("/families")
async def find(request: web.Request) -> web.StreamResponse:
    """By its reference, or by its exact name; a manager makes a reference that is new."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> Any:
        found = await families.find(tx, visitor.actor, answers["text"])
        if len(found) == 1:
            return families.page_of(found[0].ref)
        cards = [Card(title=each.ref, link=(families.page_of(each.ref), "Open it")) for each in found]
        return lambda: around(
            request,
            visitor,
            "Families",
            cards,
            empty="There is none that you may know of.",
            links=[("/families", "Look for another")],
        )

    return await take(request, SUBJECT, "find", _draw_find, do)


@routes.get("/families/{ref}")
async def one(request: web.Request) -> web.StreamResponse:
    """The page. That it was read is kept in the evidence log."""

    async def work(tx: Tx, visitor: Visitor) -> Whole:
        return await _whole(tx, visitor, request.match_info["ref"])

    visitor, whole = await looked(request, SUBJECT, work)
    may = _may_change(visitor, whole.family)
    return around(
        request,
        visitor,
        whole.family.ref,
        _cards(whole, visitor, may),
        warn=_pattern(whole.around),
        links=_links(whole.family, visitor, may),
    )


async def _draw_find(_tx: Tx, _visitor: Visitor) -> Drawn:
    return Drawn(
        form=FIND,
        words=family_words.FIND,
        heading="Find a family",
        action="/families",
        back="/",
        button="Find it",
    )


async def _whole(tx: Tx, visitor: Visitor, ref: str) -> Whole:
    family = await families.read(tx, visitor.actor, ref)
    guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
    opened = await opening.of_family(tx, visitor.actor, family)
    stamped = {UUID(each["by"]) for each in family.stamps.values()} | {each.person_id for each in opened}
    names = {str(person): name for person, name in (await names_of(tx, stamped)).items()}
    words = {key: each.says for section in ("behaviours", "needs") for key, each in guidance.asked(section).items()}
    return Whole(
        family=family,
        facts=await facts.known_of(tx, family),
        around=await partners.known_around(tx, family),
        met=await behaviours.met_at(tx, family.row.agency_id, family.id),
        summaries=await summaries.of_family(tx, family),
        openings=opened,
        words=words,
        names=names,
    )


def _cards(whole: Whole, visitor: Visitor, may: bool) -> Iterator[Card]:
    for each in whole.facts:
        yield fact_card(each, link=may)
    if whole.met:
        yield Card(title="What was met, over time", lines=[(line.says, _trend(line)) for line in whole.met])
    for agency in (*whole.around.partners, *whole.around.ended):
        yield partner_card(agency, whole.words, link=may)
    for part in PARTS:
        card = _part(whole, part, visitor, may)
        if card.told or may:
            yield card
    yield from opening_page.cards(whole.openings, whole.names, visitor)
    for summary in whole.summaries:
        path = f"/visits/{summary.visit_id}/summary"
        yield Card(title=f"Summary for the family, {said_time(summary.at, visitor)}", link=(path, "Read it"))


def _part(whole: Whole, part: str, visitor: Visitor, may: bool) -> Card:
    family = whole.family
    kept = family.row.name or "" if part == "name" else written(family.record)[part]
    stamp = family.stamps.get(part)
    lines = list(_lines(whole, part, kept))
    if stamp is not None:
        by, at = whole.names.get(stamp["by"], ""), said_time(datetime.fromisoformat(stamp["at"]), visitor)
        lines.append(("Last changed", f"{by}, {at}"))
    link = (families.page_of(family.ref, f"change/{part}"), "Change it") if may else None
    return Card(title=family_words.PARTS[part], lines=lines, link=link)


def _lines(whole: Whole, part: str, kept: Any) -> Iterator[tuple[str, str]]:
    if isinstance(kept, str):
        yield "", kept
        return
    for each in kept if part in ROWS else [kept]:
        said = {key: _said(whole, part, key, value) for key, value in each.items() if value not in (None, "")}
        if part in ROWS:
            first, *rest = said.values()
            yield first, "; ".join(rest) or "–"
        else:
            yield from ((family_words.FIELDS[part][key], text) for key, text in said.items())


def _said(whole: Whole, part: str, key: str, value: Any) -> str:
    if (part, key) == ("needs", "key"):
        return whole.words.get(str(value), str(value))
    if key in ("on", "told_on"):
        return said_day(str(value))
    return family_words.CHOICES.get(part, {}).get(key, {}).get(str(value), str(value))


def _trend(line: Line) -> str:
    months = ", ".join(f"{month}: {times}" for month, times in line.months)
    people = f" by {line.people} of us" if line.people > 1 else ""
    past = " (past)" if line.past else ""
    return f"{line.times}×{people}, last on {said_day(line.last_on)}{past}. {months}"


def _pattern(found: Around) -> str:
    seen = found.picture
    if not found.partners:
        return ""
    only = "ours" if seen.only == US else seen.only or ""
    said = [family_words.PATTERNS[seen.pattern].format(only=only)]
    if seen.tension:
        said.append(family_words.TENSION)
    said += [family_words.MEETING[why] for why in seen.meeting]
    return " ".join(said)


def _links(family: Family, visitor: Visitor, may: bool) -> list[tuple[str, str]]:
    def to(what: str) -> str:
        return families.page_of(family.ref, what)

    links = [(to("briefing"), "Before you go"), (to("plan"), "The plan"), (to("undertakings"), "Undertakings")]
    links += [(to("meetings"), "Meetings"), (to("risk/raise"), "Raise the risk")]
    if may:
        links += [(to("facts/new"), "A risk fact"), (to("partners/new"), "Another agency")]
    if not visitor.actor.teams(Role.MANAGER).isdisjoint(family.teams):
        links += [(to("risk/lower"), "Lower the risk"), (to("records"), "Records: hold, give out")]
    if not visitor.actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(family.teams):
        links.append((to("shares"), "What other agencies were told"))
    return links


def _may_change(visitor: Visitor, family: Family) -> bool:
    try:
        families.may_change(visitor.actor, family)
    except (Refused, NotFound):
        return False
    return True
