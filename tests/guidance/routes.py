"""Every address that answers a GET, with everything that can stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import quote
from uuid import UUID

from aiohttp import web
from aiohttp.hdrs import METH_GET

from safety_service.actions.exports import WHAT
from tests.guidance.looking import REFS
from tests.guidance.marks import Town

#: What an id is of, by the word before it.
IDS = {
    "debriefs": "debrief",
    "log": "debrief",
    "visits": "visit",
    "items": "item",
    "shares": "share",
    "meetings": "meeting",
    "undertakings": "undertaking",
    "measures": "measure",
    "facts": "risk_fact",
    "partners": "partner",
    "files": "kept_file",
    "alerts": "alert",
    "openings": "family_opening",
    "exclusions": "exclusion",
    "shifts": "rota",
}
#: Everything else that stands in braces.
WORDS: Mapping[str, Sequence[str]] = {
    "what": WHAT,
    "kind": ("statement", "code_of_conduct", "advice"),
    "part": ("household", "addresses", "needs", "practical", "promises", "name"),
    "way": ("raise", "lower"),
    "verb": ("correct", "end", "told", "review"),
    "code": ("not-one-of-ours",),
    "number": ("1",),
}
#: Streams that never end, one-time codes, and what is no word of a person's.
NOT_WALKED = re.compile(r"/events$|^/in/|^/static|^/metrics|^/health|\.\w+$|^/$")
#: So many of each kind, the last ones.
FEW = 5
BRACES = re.compile(r"\{(\w+)(?::[^}]*)?\}")


def walks(app: web.Application, town: Town, there: Mapping[str, list[UUID]]) -> Iterator[str]:
    """Each path. Raises KeyError for a place that nobody has said what to put into."""
    for resource in app.router.resources():
        if any(route.method == METH_GET for route in resource) and not NOT_WALKED.search(resource.canonical):
            yield from _filled(resource.canonical, town, there)


def _filled(pattern: str, town: Town, there: Mapping[str, list[UUID]]) -> Iterator[str]:
    places = [(each.group(0), _choices(pattern, each, town, there)) for each in BRACES.finditer(pattern)]
    for chosen in product(*(choices for _, choices in places)):
        path = pattern
        for (place, _), choice in zip(places, chosen, strict=True):
            path = path.replace(place, quote(str(choice), safe=""), 1)
        yield path


def _choices(pattern: str, place: re.Match[str], town: Town, there: Mapping[str, list[UUID]]) -> Sequence[Any]:
    name, before = place[1], pattern[: place.start()].rstrip("/").rpartition("/")[2]
    if name == "ref":
        return REFS
    if name == "token":
        return town.links
    if name != "id":
        return WORDS[name]
    if before == "rota":
        return [town.world.team_id]
    return [town.world.ids["Ann"], town.world.ids["Ben"]] if before == "people" else there[IDS[before]][-FEW:]
