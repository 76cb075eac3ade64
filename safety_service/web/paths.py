"""What stands in a page's address."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from safety_service.actions.errors import NotFound


def id_of(request: web.Request) -> UUID:
    """The id in the path. Raises NotFound: it is none."""
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise NotFound from None
