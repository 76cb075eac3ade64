"""Errors as problem documents (RFC 9457): what is wrong, and where in the request."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "2"  # seconds


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request: a JSON pointer into its body (or `#name` of a parameter), and why."""

    pointer: str
    detail: str


class Problem(Exception):
    """A request that is answered with a problem document. `more` are members of its own."""

    def __init__(
        self,
        status: int,
        detail: str,
        code: str | None = None,
        faults: Sequence[Fault] = (),
        *,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code
        self.faults = tuple(faults)
        self.more = dict(more or {})
        self.headers = dict(headers or {})

    @property
    def document(self) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": "about:blank" if self.code is None else f"urn:doorstep:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        if self.faults:
            document["errors"] = [{"pointer": each.pointer, "detail": each.detail} for each in self.faults]
        return document

    def response(self) -> web.Response:
        """The answer that carries it."""
        return web.json_response(self.document, status=self.status, content_type=MEDIA_TYPE, headers=self.headers)


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """Each fault of a body with a pointer to it."""
    return tuple(Fault(pointer(each["loc"]), each["msg"]) for each in error.errors(include_url=False))


def pointer(place: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


@web.middleware
async def answer_with_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong under /api/v1 is answered as a problem document, and never tells what is inside."""
    if not request.path.startswith(PREFIX):
        return await handler(request)
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        kept = {name: value for name, value in error.headers.items() if name in {"Allow", "Retry-After"}}
        return Problem(error.status, _plain(error), headers=kept).response()
    except (DatabaseAway, TryAgain) as error:
        log.warning("an API request was not served: %s", type(error).__name__)
        return _not_now()
    except Exception:
        log.exception("an API request failed: %s %s", request.method, _route(request))
        return Problem(500, "Something went wrong here. Nothing was done.", "internal").response()


def _not_now() -> web.Response:
    said = "Nobody has heard this: the service cannot keep anything now. Send it again."
    return Problem(503, said, "not_now", headers={"Retry-After": RETRY_AFTER}).response()


def _plain(error: web.HTTPException) -> str:
    sentences = {
        404: "There is nothing here.",
        405: f"This cannot be done with {getattr(error, 'method', 'that method')}.",
        413: "The request is too long.",
    }
    return sentences.get(error.status, error.reason)


def _route(request: web.Request) -> str:
    """The route, not the path: a path may hold somebody's reference."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "no route"
