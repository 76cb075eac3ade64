"""The dialogue in a phone's browser."""

from pathlib import Path

from aiohttp import web

from bots.dialogue.inbox import Handle
from bots.webchat import hearing, page
from safety_service.services import Services
from safety_service.web.pages import add_pages

__all__ = ["setup"]


def setup(app: web.Application, services: Services, handle: Handle) -> None:  # noqa: ARG001
    """Add the chat to the application, after the pages (`safety_service.web`) that carry it."""
    app[hearing.HANDLE] = handle
    add_pages(app, Path(__file__).parent, "/static/chat")
    app.router.add_routes(page.routes)
    app.router.add_routes(hearing.routes)
