"""The worker's words. Somebody alone says them: a bad optional member is left out and named, and the word counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field

from safety_service.actions import words
from safety_service.actions.errors import NotFound
from safety_service.actions.words import Position, Word
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.problems import PREFIX, Fault
from safety_service.api.receipts import word_shape
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Outcome

routes = web.RouteTableDef()

WORDS = f"{PREFIX}/visits/{{id}}"
LONGEST_EXTENSION = 86400  # seconds


class PositionBody(Body):
    """Where it was said: WGS-84 degrees, metres."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Annotated[float, Field(ge=0, le=1_000_000)] | None = None

    def position(self) -> Position:
        """As the actions know it."""
        return Position(latitude=self.latitude, longitude=self.longitude, accuracy_m=self.accuracy_m)


class WordBody(Body):
    """What any word may carry. `at`: when it was said, if the phone was offline; in the future it counts as now.

    Now is when the request came in, also where it had to wait for its turn.
    """

    position: PositionBody | None = None
    note: Annotated[str, Field(max_length=4000)] | None = None
    #: The worker's own word, where it is asked for (`own_word_wanted`).
    phrase: Annotated[str, Field(max_length=200)] | None = None
    at: AwareDatetime | None = None

    def word(self, call: Call) -> Word:
        """As the actions know it."""
        position = None if self.position is None else self.position.position()
        said_at = min((each for each in (self.at, call.latest) if each is not None), default=None)
        return Word(said_at=said_at, position=position, note=self.note or None, phrase=self.phrase)


class ExtendBody(WordBody):
    """`by_s`: how much longer; without it, what policy offers."""

    by_s: Annotated[int, Field(ge=1, le=LONGEST_EXTENSION)] | None = None


class LeftBody(WordBody):
    """What came of the visit."""

    outcome: Literal["met", "no_entry", "refused", "aborted"] | None = None


class SosBody(WordBody):
    """With a visit, or without one."""

    visit_id: UUID | None = None


@routes.post(f"{WORDS}/begin")
@endpoint("visit")
async def begin(call: Call) -> dict[str, Any]:
    """At the door, going in."""
    word = call.kind_body(WordBody).word(call)
    return await word_shape(call, await words.begin(call.tx, call.actor, call.id(), word))


@routes.post(f"{WORDS}/check-ins")
@endpoint("visit", together=True)
async def check_in(call: Call) -> dict[str, Any]:
    """All well."""
    word = call.kind_body(WordBody).word(call)
    return await word_shape(call, await words.ok(call.tx, call.actor, call.id(), word))


@routes.post(f"{WORDS}/ring-me")
@endpoint("visit")
async def ring_me(call: Call) -> dict[str, Any]:
    """Ring me with a reason to leave."""
    word = call.kind_body(WordBody).word(call)
    return await word_shape(call, await words.ring_me(call.tx, call.actor, call.id(), word))


@routes.post(f"{WORDS}/extend")
@endpoint("visit")
async def extend(call: Call) -> dict[str, Any]:
    """It takes longer."""
    body = call.kind_body(ExtendBody)
    by = (await call.tx.policy()).words.extend if body.by_s is None else timedelta(seconds=body.by_s)
    return await word_shape(call, await words.extend(call.tx, call.actor, call.id(), body.word(call), by))


@routes.post(f"{WORDS}/left")
@endpoint("visit")
async def left(call: Call) -> dict[str, Any]:
    """Out."""
    body = call.kind_body(LeftBody)
    outcome = None if body.outcome is None else Outcome(body.outcome)
    return await word_shape(call, await words.left(call.tx, call.actor, call.id(), body.word(call), outcome))


@routes.post(f"{WORDS}/home")
@endpoint("visit")
async def home(call: Call) -> dict[str, Any]:
    """Home, or back at the office."""
    word = call.kind_body(WordBody).word(call)
    return await word_shape(call, await words.home(call.tx, call.actor, call.id(), word))


@routes.post(f"{WORDS}/cancel")
@endpoint("visit")
async def cancel(call: Call) -> dict[str, Any]:
    """Not going: only before begin."""
    word = call.kind_body(WordBody).word(call)
    return await word_shape(call, await words.cancel(call.tx, call.actor, call.id(), word))


@routes.post(f"{PREFIX}/sos")
@endpoint("worker", insists=True)
async def sos(call: Call) -> dict[str, Any]:
    """Send help. Whatever else is wrong with the request, it counts, as often as it is said."""
    body = call.kind_body(SosBody)
    if body.visit_id is not None:
        try:
            async with call.tx.savepoint():
                return await word_shape(call, await words.sos(call.tx, call.actor, body.visit_id, body.word(call)))
        except (NotFound, Refused):
            call.dropped = (*call.dropped, Fault("/visit_id", "This is not a visit of yours that is running."))
    return await word_shape(call, await words.sos(call.tx, call.actor, None, body.word(call)))
