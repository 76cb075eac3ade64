"""Who is looking at a page: the session that the browser's cookie belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web

from safety_service.actions.actor import Actor
from safety_service.actions.visitors import Known, known_by
from safety_service.domain.words import Role
from safety_service.services import SETTINGS
from safety_service.store.database import Tx

VIA = "web"
#: The session's own life, in the database, is what counts; the cookie outlives it. In seconds; browsers allow no more.
COOKIE_AGE = 400 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in in this browser."""

    known: Known

    @property
    def actor(self) -> Actor:
        """They, as one who acts."""
        return self.known.actor

    @property
    def person_id(self) -> UUID:
        """Who they are."""
        return self.actor.person_id

    @property
    def name(self) -> str:
        """What they are called."""
        return self.actor.name

    @property
    def sees_board(self) -> bool:
        """Whether there is a board for them."""
        return bool(self.actor.teams(Role.MANAGER, Role.PRACTITIONER))

    @property
    def sees_log(self) -> bool:
        """Whether there are debriefs for them to read: their own, or their teams'."""
        return bool(self.actor.teams(Role.MANAGER, Role.REVIEWER, Role.PRACTITIONER))

    @property
    def visits(self) -> bool:
        """Whether they go on visits."""
        return self.actor.is_any(Role.PRACTITIONER)

    @property
    def reads_teams(self) -> bool:
        """Whether they read what a team tells: they manage or review one."""
        return bool(self.actor.teams(Role.MANAGER, Role.REVIEWER))

    @property
    def has_evidence(self) -> bool:
        """Whether there is anything in the evidence log for them to read: not for who only reviews."""
        return bool(self.actor.teams(Role.MANAGER, Role.PRACTITIONER, Role.ADMINISTRATOR))

    @property
    def manages(self) -> bool:
        """Whether they manage a team."""
        return self.actor.is_any(Role.MANAGER)

    @property
    def may_cut_off(self) -> bool:
        """Whether they may say that somebody's phone is lost."""
        return self.manages or self.actor.is_any(Role.ADMINISTRATOR)

    @property
    def administers(self) -> bool:
        """Whether people, and the policy, are theirs to run."""
        return self.actor.is_any(Role.ADMINISTRATOR)

    @property
    def role_words(self) -> str:
        """Their roles, to be read."""
        held = [str(role) for role in Role if self.actor.is_any(role)]
        return " and ".join(held) or "a colleague without a role in a team yet"

    @property
    def office_phone(self) -> str:
        """Whom to ring when nobody is heard here; may be empty."""
        return self.known.office_phone

    def clock(self, at: datetime) -> str:
        """A time of day as it is where they work."""
        return f"{at.astimezone(self.known.zone):%H:%M}"

    @property
    def home(self) -> str:
        """The page that they most likely came for."""
        if self.actor.is_any(Role.MANAGER):
            return "/board"
        return "/chat" if self.actor.is_any(Role.PRACTITIONER) else "/hello"


async def visitor_of(tx: Tx, request: web.Request, *, via: str = VIA, keeps: bool = False) -> Visitor:
    """The signed-in visitor; `keeps` lets the session live on from now (it writes). Raises HTTPUnauthorized."""
    visitor = await maybe_visitor(tx, request, via=via, keeps=keeps)
    if visitor is None:
        raise web.HTTPUnauthorized
    return visitor


async def maybe_visitor(tx: Tx, request: web.Request, *, via: str = VIA, keeps: bool = False) -> Visitor | None:
    """The visitor, if they are signed in."""
    token = request.cookies.get(cookie_name(request))
    known = await known_by(tx, token, "web", via, keeps=keeps) if token else None
    return None if known is None else Visitor(known)


def remember(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=COOKIE_AGE,
        path="/",
        secure=secure(request),
        httponly=True,
        samesite="Lax",
    )


def forget(request: web.Request, response: web.StreamResponse) -> None:
    """Take it away again."""
    response.del_cookie(cookie_name(request), path="/", secure=secure(request), httponly=True, samesite="Lax")


def cookie_name(request: web.Request) -> str:
    """With https the browser itself holds the cookie to this host and to https."""
    return "__Host-doorstep" if secure(request) else "doorstep"


def secure(request: web.Request) -> bool:
    """Whether our pages are served by https: then cookies go no other way."""
    return request.app[SETTINGS].base_url.startswith("https:")
