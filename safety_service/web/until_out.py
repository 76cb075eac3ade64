"""What waits until its reader is out: inside, no page says whose home this is, or what was met there (P5)."""

from __future__ import annotations

from aiohttp import hdrs, web

from safety_service.actions import visit_list
from safety_service.store.database import Tx
from safety_service.web.pages import message
from safety_service.web.visitor import Visitor

READS = (hdrs.METH_GET, hdrs.METH_HEAD)
#: Families, what was learned of them, and what somebody has still to do about it.
RESTING = (
    *("/families", "/facts", "/partners", "/meetings", "/shares", "/undertakings", "/proposals"),
    *("/log", "/debriefs", "/visits", "/items", "/supervision"),
)
#: Of somebody else's pages those that tell what they met.
_OF_PEOPLE = ("/supervision", "/course")

_LATER = "This page waits until you are out. The chat is there as always."


class WaitsUntilOut(Exception):
    """This page is not for a reader who is inside."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__("inside")
        self.visitor = visitor


def rests(request: web.Request) -> bool:
    """Whether this page rests; what is sent is kept all the same."""
    path = request.path
    return request.method in READS and (
        path.startswith(tuple(f"{each}/" for each in RESTING))
        or path in RESTING
        or (path.startswith("/people/") and any(each in path for each in _OF_PEOPLE))
    )


async def wait_until_out(tx: Tx, request: web.Request, visitor: Visitor) -> None:
    """Raises WaitsUntilOut."""
    if rests(request) and await visit_list.is_inside(tx, visitor.actor):
        raise WaitsUntilOut(visitor)


def later(request: web.Request, visitor: Visitor) -> web.Response:
    """The page that says nothing but when to come back."""
    return message(request, "Later", _LATER, back="/chat", visitor=visitor)
