"""The page of whoever is not signed in: which ways in there are here."""

from __future__ import annotations

from aiohttp import web

from safety_service.services import SETTINGS
from safety_service.web.pages import page
from safety_service.web.unsent import Unsent


def welcome(request: web.Request, status: int = 200, unsent: Unsent | None = None) -> web.Response:
    """How one comes in; it knows nobody. `unsent`: what was typed when the session had ended already."""
    settings = request.app[SETTINGS]
    by_email, by_account = "email" in settings.providers, settings.oidc is not None
    context = {"by_email": by_email, "by_account": by_account, "unsent": unsent}
    return page(request, "welcome.html", status=status, context=context)
