"""One API request: whose it is, its body, its transaction, and its remembered answer."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from safety_service.actions import opening, refusals
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.visitors import Known, known_by
from safety_service.api.body import Read, read_kindly, read_strictly
from safety_service.api.problems import Fault, Problem
from safety_service.api.refused import refused_problem
from safety_service.domain.refusal import Refused
from safety_service.grouping import Grouping
from safety_service.services import DATABASE
from safety_service.store import answers
from safety_service.store.answers import Answer
from safety_service.store.database import Tx
from safety_service.store.together import Asked
from safety_service.transact import in_transaction

VIA = "api"
GROUPING = web.AppKey("grouping", Grouping)
KEY_HEADER = "Idempotency-Key"
#: Said again because its answer was lost, a change would meet its own version: it is answered as before, too.
KEYED = frozenset({"POST", "PATCH"})
#: Why the caller opens the family in the path, where they have no visit, duty or alert there now.
REASON_HEADER = "X-Reason"
#: Seconds that a request may have waited for its turn until that is told from coming in now.
A_WHILE = 1.0


@dataclass(slots=True)
class Call:
    """A request by somebody who is known, within its transaction."""

    request: web.Request
    raw: bytes
    tx: Tx
    known: Known
    #: Seconds that it had waited when its transaction began.
    waited: float
    #: What was bad in a kindly read body and was left out.
    dropped: tuple[Fault, ...] = field(default=())

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.known.actor

    @property
    def latest(self) -> datetime | None:
        """When it came in, by the database's clock: nothing in it was said later. None: now.

        Its phone may long have given up on it, and the worker on being heard.
        """
        return None if self.waited < A_WHILE else self.tx.now - timedelta(seconds=self.waited)

    def body(self, model: type[Read]) -> Read:
        """The checked body. Raises Problem."""
        return read_strictly(model, self.request, self.raw)

    def kind_body(self, model: type[Read]) -> Read:
        """The body of a word: what is bad in it is left out and kept in `dropped`."""
        body, self.dropped = read_kindly(model, self.raw)
        return body

    def id(self) -> UUID:
        """The id in the path. What is no id is not found."""
        try:
            return UUID(self.request.match_info["id"])
        except ValueError:
            raise NotFound from None


Work = Callable[[Call], Awaitable[Any]]


def endpoint(
    subject: str, *, status: int = 200, insists: bool = False, together: bool = False
) -> Callable[[Work], Handler]:
    """A handler from `work`, which gives the JSON to answer.

    `subject`: what it acts on, for the log of refusals. `insists`: it is done even under an Idempotency-Key that came
    with another request before. `together`: those that wait at the same moment share a transaction.
    """

    def wrap(work: Work) -> Handler:
        @functools.wraps(work)
        async def handle(request: web.Request) -> web.StreamResponse:
            came = time.monotonic()
            turn = _Turn(request, await request.read(), came, work, subject, status, insists)
            if together and (asked := _asks(turn)) is not None:
                return await request.app[GROUPING].done(asked, turn)
            return await in_transaction(request.app[DATABASE], turn)

        return handle

    return wrap


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is done with a request in one transaction."""

    request: web.Request
    raw: bytes
    came: float
    work: Work
    subject: str
    status: int
    insists: bool

    async def __call__(self, tx: Tx) -> web.Response:
        waited = time.monotonic() - self.came
        try:
            call = Call(self.request, self.raw, tx, await _caller(tx, self.request), waited)
        except Problem as problem:
            return problem.response()
        try:
            return await self._answered(call)
        except (Refused, NotFound) as why:
            return await _refuse(call, self.subject, why)
        except Problem as problem:
            return problem.response()

    async def _answered(self, call: Call) -> web.Response:
        key, digest = _key(self.request), answers.digest(self.request.method, self.request.path, self.raw)
        try:
            before = await answers.find(call.tx, call.actor.person_id, key, digest) if key else None
        except Refused:
            if not self.insists:
                raise
            key, before = None, None
        if before is not None:
            return web.json_response(before.body, status=before.status, headers={"Idempotent-Replayed": "true"})
        async with call.tx.savepoint():
            await _say_why(call)
            answer = Answer(self.status, await self.work(call))
        if key:
            await answers.keep(call.tx, call.actor.person_id, key, digest, answer)
        return web.json_response(answer.body, status=answer.status)


def _asks(turn: _Turn) -> Asked | None:
    """What a word on the visit in the path will ask, as far as that can be told before it is read."""
    named, token = turn.request.match_info.get("id", ""), _token(turn.request)
    if token is None or not _is_id(named):
        return None
    return Asked(token, UUID(named), placed=b'"position"' in turn.raw, key=_key(turn.request))


def _token(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


async def _caller(tx: Tx, request: web.Request) -> Known:
    token = _token(request)
    known = None if token is None else await known_by(tx, token, "device", VIA, keeps=True)
    if known is None:
        raise Problem(
            401, "Pair this device first: POST /api/v1/pair.", "not_paired", headers={"WWW-Authenticate": "Bearer"}
        )
    return known


async def _refuse(call: Call, subject: str, why: Refused | NotFound) -> web.Response:
    """What was tried is undone; that it was tried is kept."""
    named = call.request.match_info.get("id")
    about = UUID(named) if named and _is_id(named) else None
    await refusals.note(call.tx, call.actor, _doing(call.request), why, subject=subject, subject_id=about)
    if isinstance(why, NotFound):
        return Problem(404, "There is nothing here, or it is not yours to see.").response()
    return refused_problem(why, call.known.zone).response()


async def _say_why(call: Call) -> None:
    """A family is opened with the reason that came with the request, where one is asked for."""
    ref, reason = call.request.match_info.get("ref"), call.request.headers.get(REASON_HEADER)
    if ref and reason:
        await opening.open_family(call.tx, call.actor, ref, reason)


def _doing(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return f"{request.method} {resource.canonical if resource else ''}"


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _key(request: web.Request) -> str | None:
    """The key under which the answer is remembered. Its digest: a header may be longer than what is kept."""
    given = request.headers.get(KEY_HEADER) if request.method in KEYED else None
    return hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest() if given else None
