"""Where the provider of text messages and calls brings what people answer. Kept before it is confirmed to it (P6)."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web

from bots.dialogue.inbox import take_in
from bots.dialogue.incoming import Incoming
from safety_service.actions.phones import whose
from safety_service.services import DATABASE, HOT, SETTINGS
from safety_service.store.database import Tx
from safety_service.transact import in_transaction

log = logging.getLogger(__name__)

routes = web.RouteTableDef()

#: What the common providers call things, without capitals and strokes.
FROM = ("from", "fromnumber", "msisdn", "sender", "originator", "source", "phone", "phonenumber")
TO = ("to", "tonumber", "destination", "recipient", "called")
TEXT = ("text", "body", "message", "content", "messagetext", "msg")
DIGITS = ("digits", "dtmf", "keys")
ID = ("messagesid", "messageid", "messageuuid", "id", "sid", "callsid", "callid", "uuid")
#: Characters of an answer that are kept.
LONGEST = 500
#: Answers from one phone within this time; what comes after is no answer to an alarm.
MOST, WITHIN = 30, timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider brought. `numbers`: whose phone it may be, the likeliest first; `provider_id`: its name there."""

    kind: str
    numbers: tuple[str, ...]
    text: str
    provider_id: str


@routes.post("/replies/{secret}")
async def replied(request: web.Request) -> web.StreamResponse:
    """Keep an answer. Whoever does not know the address is told that there is nothing; of strangers nothing is kept."""
    _must_be_provider(request)
    reply = read(await _fields(request))
    if reply is None:
        raise web.HTTPBadRequest(text="There is no number or no text in this.")
    await in_transaction(request.app[DATABASE], lambda tx: _keep(tx, request, reply))
    return web.Response(status=204)


def _must_be_provider(request: web.Request) -> None:
    secret = request.app[SETTINGS].replies_secret
    given = request.match_info["secret"].encode()
    if secret is None:
        raise web.HTTPNotFound
    if not hmac.compare_digest(given, secret.encode()):
        # No guess at a code: it would shut the codes of all who come from the same address, and guard nothing here.
        raise web.HTTPNotFound


async def _fields(request: web.Request) -> Mapping[str, Any]:
    if request.content_type != "application/json":
        return await request.post()
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise web.HTTPBadRequest(text="This is no JSON.") from None
    return body if isinstance(body, dict) else {}


def read(fields: Mapping[str, Any]) -> Reply | None:
    """An answer from a provider's fields; None: it is none."""
    said = {"".join(each for each in name.lower() if each.isalnum()): value for name, value in fields.items()}
    digits = _first(said, DIGITS)
    text = digits or _first(said, TEXT)
    sender, called = _first(said, FROM), _first(said, TO)
    # A key is pressed by whoever was called; a message comes from whoever wrote it.
    numbers = tuple(filter(None, (called, sender) if digits else (sender,)))
    if not text or not numbers:
        return None
    named = _first(said, ID)
    name = f"{named}:{digits}" if named else ""
    return Reply("voice" if digits else "sms", numbers, text[:LONGEST], name[:120])


def _first(said: Mapping[str, Any], names: Collection[str]) -> str:
    for name in names:
        value = said.get(name)
        if isinstance(value, dict):
            value = value.get("digits")
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    return ""


def _name(tx: Tx, number: str, text: str) -> str:
    """The same answer from the same phone within a minute is most likely the provider's repetition."""
    return hashlib.sha256(f"{number}:{text}:{tx.now:%Y-%m-%dT%H:%M}".encode()).hexdigest()


async def _keep(tx: Tx, request: web.Request, reply: Reply) -> None:
    kinds = ("voice", "sms") if reply.kind == "voice" else ("sms", "voice")
    found = [each for number in reply.numbers if (each := await whose(tx, number, kinds)) is not None]
    if not found:
        log.warning("an answer by %s from a phone that is nobody's here", reply.kind)
        return
    person_id, number = found[0]
    if await request.app[HOT].count(f"replies:{tx.blind(number)}", WITHIN) > MOST:
        log.warning("too many answers from one phone (%s): this one is not heard", reply.kind)
        return
    word = Incoming(
        person_id=person_id,
        channel=reply.kind,
        kind="text",
        said_at=tx.now,
        provider_id=reply.provider_id or _name(tx, number, reply.text),
        chat=number,
        text=reply.text,
    )
    await take_in(tx, word.channel, word.provider_id, number, person_id, word.said_at, word.payload())
