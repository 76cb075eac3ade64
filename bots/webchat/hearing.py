"""A word from the page: kept, acted on and answered for in one transaction; the same word again is heard once (P6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from bots.dialogue.inbox import Handle, act_on, take_in
from bots.dialogue.incoming import Incoming, Place
from safety_service.actions import delivering, words
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.visitor import visitor_of

CHANNEL = "webchat"
HANDLE: web.AppKey[Handle] = web.AppKey("handle")

#: A word that took no longer on its way was said now.
PROMPT = timedelta(seconds=2)

routes = web.RouteTableDef()

Value = TypeVar("Value")


def _or_none(given: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(given)
    except ValidationError:
        return None


#: A bad optional field never rejects a word (P9): it counts as not given.
Kindly = Annotated[Value | None, WrapValidator(_or_none)]
#: What a wrapped check sees is no JSON any more, so that a strict one would refuse text.
Time = Annotated[AwareDatetime, Field(strict=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class PlaceBody(_Strict):
    """Where the phone is."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    accuracy_m: Kindly[Annotated[float, Field(ge=0)]] = None


class WordBody(_Strict):
    """A word, with the id that the page gave it. `clock`: what the phone's clock says now; `at`: said, when it was."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    kind: Literal["text", "button", "position"]
    text: Annotated[str, Field(max_length=4000)] = ""
    token: Annotated[str, Field(max_length=64)] = ""
    position: Kindly[PlaceBody] = None
    at: Kindly[Time] = None
    clock: Kindly[Time] = None

    def said_at(self, now: datetime) -> datetime:
        """When it was said, by our clock: the phone's may be wrong, but not what passed on it since."""
        if self.at is None or self.clock is None:
            return now
        waited = min(self.clock - self.at, words.OLDEST)
        return now - waited if waited > PROMPT else now

    def incoming(self, person_id: UUID, now: datetime) -> Incoming:
        """As the dialogue knows it. The person's id stands before the page's: nobody can take another's."""
        place = None if self.position is None else Place(**self.position.model_dump())
        return Incoming(
            person_id=person_id,
            channel=CHANNEL,
            kind=self.kind,
            said_at=self.said_at(now),
            provider_id=f"{person_id}:{self.id}",
            chat=str(person_id),
            text=self.text if self.kind == "text" else "",
            token=self.token,
            position=place,
            extra={} if self.kind == "text" else {"label": self.text},
        )


class SeenBody(_Strict):
    """Ids of messages that are on the screen."""

    ids: Annotated[tuple[UUID, ...], Field(max_length=200)]


Read = TypeVar("Read", WordBody, SeenBody)


@routes.post("/chat/words")
async def hear(request: web.Request) -> web.StreamResponse:
    """200 means that it is kept: whatever then goes wrong with it, the inbox worker sees to it."""
    body = read_body(WordBody, request, await request.read())
    handle = request.app[HANDLE]

    async def work(tx: Tx) -> None:
        visitor = await visitor_of(tx, request, via=CHANNEL, keeps=True)
        said = body.incoming(visitor.person_id, tx.now)
        if await take_in(tx, CHANNEL, said.provider_id, said.chat, said.person_id, said.said_at, said.payload()):
            await act_on(tx, CHANNEL, said.chat, handle)

    await in_transaction(request.app[DATABASE], work)
    return web.json_response({"id": body.id})


@routes.post("/chat/seen")
async def seen(request: web.Request) -> web.StreamResponse:
    """The open page shows these messages: only now have they reached anybody (P4)."""
    body = read_body(SeenBody, request, await request.read())

    async def work(tx: Tx) -> None:
        visitor = await visitor_of(tx, request, via=CHANNEL)
        await delivering.reached(tx, visitor.person_id, body.ids)

    await in_transaction(request.app[DATABASE], work)
    return web.json_response({})


def read_body(model: type[Read], request: web.Request, raw: bytes) -> Read:
    """What the page's script sent. Raises HTTPUnsupportedMediaType, HTTPBadRequest."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise web.HTTPBadRequest(text="This is no word.") from error
