"""The page of whoever is not signed in: which ways in there are here."""

from __future__ import annotations

from aiohttp import web

from safety_service.services import SETTINGS
from safety_service.web.pages import page


def welcome(request: web.Request, status: int = 200) -> web.Response:
    """How one comes in; it knows nobody."""
    settings = request.app[SETTINGS]
    context = {"by_email": "email" in settings.providers, "by_account": settings.oidc is not None}
    return page(request, "welcome.html", status=status, context=context)
