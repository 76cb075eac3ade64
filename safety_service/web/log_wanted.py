"""What somebody looks for in the log: the fields of its form, and how they go on from page to page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web

from safety_service.actions import filters
from safety_service.actions.debrief_log import Search
from safety_service.domain.debrief import Severity
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.saved_filters import Kept
from safety_service.web.cursor import read_place
from safety_service.web.days import begins, ends
from safety_service.web.log_line import SEVERITIES
from safety_service.web.visitor import Visitor

#: The page that a kept filter is for.
PAGE = "log"
FIELDS = ("q", "team", "family", "behaviour", "severity", "reviewed", "from", "to")
#: What somebody types themselves.
TYPED = ("q", "family")
#: A kept filter, and what was typed just now, go by their number: no word that is looked for is in an address.
KEPT, LOOK = "kept", "look"
LONGEST = 200  # characters in a field
_REVIEWED = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Wanted:
    """`fields`: what is looked for, by the form's names; `suffix`: what it adds to an address, with its `?`."""

    fields: Mapping[str, str]
    suffix: str = ""
    #: The kept filter that it is of.
    kept: UUID | None = None
    every: list[Kept] = field(default_factory=list)
    #: What was typed is kept no more.
    over: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether it looks for anything but words."""
        return any(value for name, value in self.fields.items() if name != "q")

    def search(self, zone: ZoneInfo, cursor: str = "") -> Search:
        """For the action; `cursor`: where the list goes on. Raises Refused `look_over`."""
        if self.over:
            raise Refused("look_over")
        given = self.fields
        return Search(
            team_id=_id(given.get("team", "")),
            family_ref=given.get("family", "").strip(),
            behaviour=given.get("behaviour") or None,
            severities=frozenset({given.get("severity", "")} & set(Severity)),
            since=begins(given.get("from", ""), zone),
            until=ends(given.get("to", ""), zone),
            reviewed=_REVIEWED.get(given.get("reviewed", "")),
            text=given.get("q", ""),
            before=read_place(cursor),
        )

    def said(self, behaviours: Mapping[str, str], teams: Mapping[UUID, str]) -> str:
        """What is looked for, to be read; without its days."""
        given, team = self.fields, _id(self.fields.get("team", ""))
        parts = {
            "q": f"with the words “{given['q']}”",
            "family": f"family {given['family']}",
            "team": f"team {'' if team is None else teams.get(team, '')}",
            "behaviour": f"what was met: {behaviours.get(given['behaviour'], given['behaviour'])}",
            "severity": f"how hard: {SEVERITIES.get(given['severity'], given['severity']).lower()}",
            "reviewed": {"no": "waits for a review", "yes": "reviewed"}.get(given["reviewed"], ""),
        }
        return "; ".join(says for name, says in parts.items() if given[name].strip() and says)

    def after(self, place: str) -> str:
        """The address of the list from that place on."""
        return f"/log{self.suffix}{'&' if self.suffix else '?'}{urlencode({'cursor': place})}"


async def wanted_of(tx: Tx, visitor: Visitor, request: web.Request) -> Wanted:
    """What the address asks for: fields, what the visitor typed just now, or one of their own kept filters."""
    every = await filters.of_page(tx, visitor.actor, PAGE)
    kept = next((each for each in every if str(each.id) == request.query.get(KEPT, "")), None)
    if kept is not None:
        return Wanted(given_in(kept.query), f"?{urlencode({KEPT: str(kept.id)})}", kept.id, every)
    if LOOK in request.query or "q" in request.query:
        return await _typed(tx, visitor, _id(request.query.get(LOOK, "")), every)
    fields = given_in(request.query)
    asked = {name: value for name, value in fields.items() if value}
    return Wanted(fields, f"?{urlencode(asked)}" if asked else "", None, every)


async def _typed(tx: Tx, visitor: Visitor, look: UUID | None, every: list[Kept]) -> Wanted:
    found = None if look is None else await filters.looked_for(tx, visitor.actor, PAGE, look)
    if found is None:
        return Wanted(given_in({}), "", None, every, over=True)
    return Wanted(given_in(found), f"?{urlencode({LOOK: str(look)})}", None, every)


async def address_of(tx: Tx, visitor: Visitor, given: Mapping[str, str]) -> str:
    """Where the list of this is: what can only be chosen stands in the address, what is typed does not."""
    asked = {name: value.strip() for name, value in given.items() if value.strip()}
    if not asked.keys().isdisjoint(TYPED):
        return f"/log?{urlencode({LOOK: str(await filters.look_for(tx, visitor.actor, PAGE, asked))})}"
    return f"/log?{urlencode(asked)}" if asked else "/log"


def given_in(query: Mapping[str, Any]) -> dict[str, str]:
    """The form's fields as they are given, empty where they are not."""
    return {name: str(query.get(name, ""))[:LONGEST] for name in FIELDS}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
