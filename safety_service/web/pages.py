"""Rendering: one set of templates, to which the browser chat adds its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from safety_service.web.files import add_files
from safety_service.web.navigation import navigation
from safety_service.web.templating import environment
from safety_service.web.unsent import Unsent, unsent_of
from safety_service.web.visitor import Visitor

HERE = Path(__file__).parent


def set_up_pages(app: web.Application) -> None:
    """Templates and static files of the pages."""
    app[aiohttp_jinja2.APP_KEY] = environment(HERE / "templates", tel=dialled)
    add_files(app, "/static/web", HERE / "static")


def add_pages(app: web.Application, folder: Path, static: str) -> None:
    """More templates (`folder`/templates) and static files (`folder`/static, served below `static`)."""
    loader = aiohttp_jinja2.get_env(app).loader
    assert isinstance(loader, jinja2.ChoiceLoader)
    loader.loaders = [*loader.loaders, jinja2.FileSystemLoader(folder / "templates")]
    add_files(app, static, folder / "static")


def page(
    request: web.Request,
    template: str,
    visitor: Visitor | None = None,
    *,
    status: int = 200,
    context: Mapping[str, Any] | None = None,
) -> web.Response:
    """A whole page."""
    given = {"visitor": visitor, "navigation": None if visitor is None else navigation(visitor, request.path)}
    return aiohttp_jinja2.render_template(template, request, {**given, **(context or {})}, status=status)


def message(
    request: web.Request,
    heading: str,
    *lines: str,
    status: int = 200,
    phone: str = "",
    back: str = "/",
    visitor: Visitor | None = None,
    unsent: Unsent | None = None,
    first: str = "",
) -> web.Response:
    """A page that says something and offers the way back.

    `unsent`: what was typed, to be sent again; `first`: the page where a reason is said before that.
    """
    context = {"heading": heading, "lines": lines, "phone": phone, "back": back, "unsent": unsent, "first": first}
    return page(request, "message.html", visitor, status=status, context=context)


async def refused(
    request: web.Request,
    heading: str,
    *lines: str,
    status: int = 409,
    back: str = "/",
    visitor: Visitor | None = None,
    shows: bool = True,
    first: str = "",
) -> web.Response:
    """Why it was not done, and all that was typed, where the page `shows` it: nothing of that is lost (P9)."""
    unsent = await unsent_of(request) if shows else None
    return message(request, heading, *lines, status=status, back=back, visitor=visitor, unsent=unsent, first=first)


def dialled(number: str) -> str:
    """A number as a telephone takes it."""
    return "".join(each for each in number if each.isdigit() or each in "+*#,")
