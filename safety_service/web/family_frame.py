"""What every page about a family shares: which pages there are, and which of them this is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiohttp import web

from safety_service.actions import families
from safety_service.domain.words import Role
from safety_service.store.families import tidy_ref
from safety_service.web.around_page import Card
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

#: The path below the family's own, and what the link says.
PAGES = (
    ("", "Overview"),
    ("briefing", "Before you go"),
    ("plan", "The plan"),
    ("undertakings", "Undertakings"),
    ("met", "What was met"),
    ("facts", "Risk facts"),
    ("around", "Who meets hostility"),
    ("meetings", "Meetings"),
    ("shares", "What others were told"),
    ("kept", "What is kept"),
    ("records", "Hold, give out"),
)
#: Who has these links; what they lead to looks once more.
_WHOSE = {"shares": (Role.MANAGER, Role.REVIEWER), "records": (Role.MANAGER,)}


@dataclass(frozen=True, slots=True)
class Link:
    """A page about the family. `here`: it is this one."""

    path: str
    label: str
    here: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """The family's reference, and its pages."""

    ref: str
    links: tuple[Link, ...]


def frame(visitor: Visitor, ref: str, here: str) -> Frame:
    """The frame of the page `here`, as it stands in PAGES."""
    tidy = tidy_ref(ref)
    return Frame(tidy, tuple(_links(visitor, tidy, here)))


def _links(visitor: Visitor, ref: str, here: str) -> Iterator[Link]:
    for what, label in PAGES:
        whose = _WHOSE.get(what)
        if whose is None or visitor.actor.teams(*whose):
            yield Link(families.page_of(ref, what), label, what == here)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Cards under a heading (or under none). `name`: by which a link finds it; `empty`: what is said without cards."""

    cards: Sequence[Card]
    heading: str = ""
    name: str = ""
    intro: str = ""
    empty: str = ""


def cards(
    request: web.Request,
    visitor: Visitor,
    ref: str,
    here: str,
    heading: str,
    groups: Sequence[Group],
    *,
    warn: str = "",
    links: Sequence[tuple[str, str]] = (),
    forms: Sequence[tuple[str, str]] = (),
) -> web.Response:
    """A page of cards about a family, in its frame. `links`: what one can do, the first one most likely; `forms`: what
    is done by one button, as (path, label)."""
    context = {
        "frame": frame(visitor, ref, here),
        "heading": f"{tidy_ref(ref)}: {heading}",
        "groups": groups,
        "warn": warn,
        "links": links,
        "forms": forms,
    }
    return page(request, "family_cards.html", visitor, context=context)
