"""What waits until its reader is out: inside, no page says whose home this is, or what was met there (P5)."""

from __future__ import annotations

from aiohttp import hdrs, web

from safety_service.actions import visit_list
from safety_service.store.database import Tx
from safety_service.web.pages import message, refused
from safety_service.web.visitor import Visitor

READS = (hdrs.METH_GET, hdrs.METH_HEAD)
#: Families, what was learned of them, and what somebody has still to do about it.
RESTING = (
    *("/families", "/facts", "/partners", "/meetings", "/shares", "/undertakings", "/proposals"),
    *("/log", "/debriefs", "/visits", "/items", "/supervision", "/openings", "/exclusions"),
    *("/evidence", "/figures/behind"),
)
#: Of somebody else's pages those that tell what they met.
_OF_PEOPLE = ("/supervision", "/course")

_LATER = "This page waits until you are out. The chat is there as always."


class WaitsUntilOut(Exception):
    """This page is not for a reader who is inside."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__("inside")
        self.visitor = visitor


def rests(path: str) -> bool:
    """Whether the page with this path rests."""
    return (
        path.startswith(tuple(f"{each}/" for each in RESTING))
        or path in RESTING
        or (path.startswith("/people/") and any(each in path for each in _OF_PEOPLE))
    )


async def wait_until_out(tx: Tx, request: web.Request, visitor: Visitor) -> None:
    """For what is only looked at, be it asked for with a POST: what is sent is kept. Raises WaitsUntilOut."""
    if await waits(tx, request, visitor):
        raise WaitsUntilOut(visitor)


async def waits(tx: Tx, request: web.Request, visitor: Visitor) -> bool:
    """Whether this page has to wait until its reader is out."""
    return rests(request.path) and await visit_list.is_inside(tx, visitor.actor)


async def later(request: web.Request, visitor: Visitor) -> web.Response:
    """The page that says nothing but when to come back; of what was sent and not kept, the words as they were sent."""
    if request.method in READS:
        return message(request, "Later", _LATER, back="/chat", visitor=visitor)
    return await refused(request, "That was not done", _LATER, back="/chat", visitor=visitor)
