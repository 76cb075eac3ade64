"""The plain page for what is kept around a family: a heading, cards of labelled lines, and what one can do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from aiohttp import web

from safety_service.web.pages import page
from safety_service.web.visitor import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One thing: what it is, its lines by label, and where there is more. What has no text is left out."""

    title: str
    lines: Sequence[tuple[str, str]] = ()
    link: tuple[str, str] | None = None
    alerted: bool = False
    #: What stands out about it, in a word or two.
    tag: str = ""

    @property
    def told(self) -> list[tuple[str, str]]:
        """The lines that say something."""
        return [(label, text) for label, text in self.lines if text]


def around(
    request: web.Request,
    visitor: Visitor,
    heading: str,
    cards: Iterable[Card],
    *,
    warn: str = "",
    empty: str = "",
    links: Sequence[tuple[str, str]] = (),
    forms: Sequence[tuple[str, str]] = (),
) -> web.Response:
    """The page. `links`: where to go; `forms`: what is done by one button, as (path, label); `empty`: without cards."""
    context = {
        "heading": heading,
        "warn": warn,
        "cards": list(cards),
        "empty": empty,
        "links": links,
        "forms": forms,
    }
    return page(request, "around.html", visitor, context=context)


def said_day(on: date | str | None) -> str:
    """A day as one says it."""
    if not on:
        return ""
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return f"{day.day} {day:%B %Y}"


def said_time(at: datetime | None, visitor: Visitor) -> str:
    """A day and a time as one says it, where the visitor works."""
    if at is None:
        return ""
    local = at.astimezone(visitor.known.zone)
    return f"{local.day} {local:%B %Y, %H:%M}"
