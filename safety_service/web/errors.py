"""When a page cannot be shown: calm pages that say what to do, and never what is inside."""

from __future__ import annotations

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from safety_service.actions.errors import NotFound
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.web.pages import message, refused
from safety_service.web.typed_by import unsent_by
from safety_service.web.until_out import WaitsUntilOut, later
from safety_service.web.welcome import welcome

log = logging.getLogger(__name__)

#: These answer errors in their own way.
ELSEWHERE = ("/api/", "/health/", "/metrics", "/telegram/")

#: Errors that carry a sentence of ours.
OWN_WORDS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})


@web.middleware
async def answer_with_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error of a page becomes a page; a page's script reads the status."""
    if request.path.startswith(ELSEWHERE):
        return await handler(request)
    try:
        return await handler(request)
    except NotFound:
        return await _not_found(request)
    except WaitsUntilOut as waits:
        return await later(request, waits.visitor)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return await _refused(request, error)
    except (DatabaseAway, TryAgain) as error:
        log.warning("a page was not served: %s", type(error).__name__)
        said = "The service cannot keep anything now. Nothing that you just said was heard: say it again, or ring."
        response = await refused(request, "Not now", said, status=503)
        response.headers["Retry-After"] = "2"
        return response
    except Exception:
        log.exception("a page failed: %s", request.method)
        return await refused(
            request, "Something went wrong", "It was not your doing, and nothing was done.", status=500
        )


async def _refused(request: web.Request, error: web.HTTPException) -> web.Response:
    if error.status == HTTPStatus.UNAUTHORIZED:
        return welcome(request, status=HTTPStatus.UNAUTHORIZED, unsent=await unsent_by(request))
    if error.status == HTTPStatus.NOT_FOUND:
        return await _not_found(request)
    said = error.text if error.status in OWN_WORDS and error.text else "This cannot be done here."
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return message(request, error.reason, said, status=error.status)  # what is left of it is no form any more
    return await refused(request, error.reason, said, status=error.status)


async def _not_found(request: web.Request) -> web.Response:
    said = "This page does not exist, or it is not for you to see."
    return await refused(request, "Nothing here", said, status=404)
