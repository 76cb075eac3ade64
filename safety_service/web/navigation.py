"""Where one can go from every page: a few links that always stand there, and the rest behind "More".

What these links say is seen by whoever looks at a worker's phone: nothing of danger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from safety_service.web.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Place:
    """A page that has a link. `may`: whose link it is."""

    path: str
    label: str
    may: Callable[[Visitor], bool]


@dataclass(frozen=True, slots=True)
class Link:
    """As it is drawn. `here`: the visitor is on it; `within`: on a page below it."""

    path: str
    label: str
    here: bool
    within: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """`first`: always to be seen; `more`: one tap further, a heading and its links each."""

    first: tuple[Link, ...]
    more: tuple[tuple[str, tuple[Link, ...]], ...]


def _anybody(_visitor: Visitor) -> bool:
    return True


#: Always to be seen: five at most for anybody, or a phone's first row breaks.
FIRST = (
    Place("/today", "Today", lambda visitor: visitor.visits),
    Place("/board", "Board", lambda visitor: visitor.sees_board),
    # Not on the phone of somebody who goes into homes.
    Place("/alerts", "Alerts", lambda visitor: visitor.may_cut_off and not visitor.visits),
    Place("/chat", "Chat", _anybody),
    Place("/log", "Log", lambda visitor: visitor.sees_log and not visitor.visits),
    Place("/people", "People", lambda visitor: visitor.administers and not visitor.sees_log),
)
#: In groups, as one looks for them.
MORE = {
    "Going out": (
        Place("/visits", "Visits", lambda visitor: visitor.sees_log),
        Place("/alerts", "Alerts", lambda visitor: visitor.may_cut_off and visitor.visits),
        Place("/duty", "On duty", lambda visitor: bool(visitor.actor.roles)),
        Place("/rota", "Rota", lambda visitor: visitor.manages or visitor.administers),
    ),
    "Families": (
        Place("/families", "Families", lambda visitor: visitor.sees_log),
        Place("/proposals", "To decide", lambda visitor: visitor.manages),
        Place("/items", "Still open", _anybody),
        Place("/openings", "Who looked, and why", lambda visitor: visitor.manages),
    ),
    "Learning": (
        Place("/log", "Log", lambda visitor: visitor.sees_log and visitor.visits),
        Place("/supervision", "Supervision", _anybody),
        Place("/figures", "Figures", lambda visitor: visitor.reads_teams),
        Place("/log/trends", "Month by month", lambda visitor: visitor.manages),
    ),
    "The agency": (
        Place("/people", "People and teams", lambda visitor: visitor.administers and visitor.sees_log),
        Place("/policy", "Policy", lambda visitor: visitor.administers),
        Place("/evidence", "What was done", lambda visitor: visitor.has_evidence),
        Place("/lost", "A lost phone", lambda visitor: visitor.may_cut_off),
    ),
    "Yours": (
        Place("/hello", "You", _anybody),
        Place("/channels", "How you are reached", _anybody),
        Place("/devices", "Where you are signed in", _anybody),
    ),
}
PLACES = (*FIRST, *(each for group in MORE.values() for each in group))


def navigation(visitor: Visitor, path: str) -> Navigation:
    """The links of somebody who looks at the page at this path."""
    nearest = max(
        (each.path for each in PLACES if path == each.path or path.startswith(f"{each.path}/")), key=len, default=""
    )

    def links(places: Iterable[Place]) -> tuple[Link, ...]:
        return tuple(
            Link(each.path, each.label, here=each.path == path, within=each.path == nearest != path)
            for each in places
            if each.may(visitor)
        )

    more = ((heading, links(places)) for heading, places in MORE.items())
    return Navigation(links(FIRST), tuple((heading, found) for heading, found in more if found))
