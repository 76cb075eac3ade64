"""An agency's sign-in service for the tests: OpenID Connect over real HTTP, as strict as one should be.

It shows a page with a button for each of its people, gives a code once, for the address and the challenge it was asked
with, and signs what it says. What it is told to do wrong (`says`, `signs_with`, `about`) it does.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "doorstep", "a secret: of two parts/words"
Key = RSAKey | OctKey


def another_key() -> RSAKey:
    """As the service's own, and not it."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})


@functools.cache
def the_key() -> RSAKey:
    """The service's own. Making one takes longer than all the rest of a test."""
    return another_key()


@dataclass
class Provider:
    """The service, and what it was asked."""

    now: Callable[[], datetime]
    issuer: str = ""
    #: By subject: the claims about them.
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Where it may send browsers back to.
    back: str = ""
    key: RSAKey = field(default_factory=the_key)
    #: Does wrong: claims in the place of its own, another key, another algorithm, other words about itself.
    says: dict[str, Any] = field(default_factory=dict)
    signs_with: Key | None = None
    alg: str = "RS256"
    forges: Callable[[dict[str, Any]], str] | None = None
    about: dict[str, Any] = field(default_factory=dict)
    #: Says who somebody is only where the token is shown.
    elsewhere: dict[str, Any] | None = None
    down: bool = False
    #: What it was asked at its page, the newest last.
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    def application(self) -> web.Application:
        """Its ways in."""
        app = web.Application(middlewares=[self._maybe_down])
        app.router.add_get("/.well-known/openid-configuration", self._configuration)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._page)
        app.router.add_post("/authorize", self._chosen)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        return app

    @web.middleware
    async def _maybe_down(self, request: web.Request, handler: Any) -> web.StreamResponse:
        return web.Response(status=503) if self.down else await handler(request)

    async def _configuration(self, _request: web.Request) -> web.Response:
        paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        said = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in paths.items()}
        return web.json_response(
            {
                "issuer": self.issuer,
                **said,
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                **self.about,
            }
        )

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [self.key.as_dict(private=False)]})

    def _check(self, asked: dict[str, str]) -> None:
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": self.back,
            "code_challenge_method": "S256",
        }
        if any(asked.get(name) != value for name, value in wanted.items()):
            raise web.HTTPBadRequest(text=f"not what is registered here: {asked}")
        if "openid" not in asked.get("scope", "").split() or not asked.get("code_challenge"):
            raise web.HTTPBadRequest(text="no scope openid, or no challenge")

    async def _page(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self._check(asked)
        self.asked.append(asked)
        buttons = "".join(f'<button name="sub" value="{escape(each)}">{escape(each)}</button>' for each in self.people)
        form = f'<form method="post" action="?{escape(urlencode(asked))}">{buttons}</form>'
        return web.Response(text=f"<!doctype html><title>Work account</title>{form}", content_type="text/html")

    async def _chosen(self, request: web.Request) -> web.Response:
        asked, subject = dict(request.query), str((await request.post())["sub"])
        self._check(asked)
        code = secrets.token_urlsafe(16)
        self._codes[code] = subject, asked
        return self._to_client(asked, code=code)

    def _to_client(self, asked: dict[str, str], **said: str) -> web.Response:
        query = urlencode({**said, "state": asked.get("state", ""), "iss": self.issuer})
        return web.Response(status=303, headers={"Location": f"{self.back}?{query}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        client, _, secret = base64.b64decode(pair).decode().partition(":")
        if (kind, unquote(client), unquote(secret)) != ("Basic", CLIENT, SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        subject, asked = self._codes.pop(form.get("code", ""), ("", {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        held = hmac.compare_digest(_base64(digest), asked.get("code_challenge", ""))
        if not subject or not held or form.get("redirect_uri") != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = secrets.token_urlsafe(16)
        self._tokens[token] = subject
        answer = {"access_token": token, "token_type": "Bearer", "id_token": self._signed(subject, asked)}
        return web.json_response(answer)

    def _signed(self, subject: str, asked: dict[str, str]) -> str:
        at = int(self.now().timestamp())
        # Whoever is not asked to sign in anew has been signed in there for a day.
        signed_in = at if asked.get("prompt") == "login" else at - 24 * 3600
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": subject, "iat": at, "exp": at + 300, "auth_time": signed_in}
        about = {} if self.elsewhere is not None else self.people[subject]
        whole = {**claims, "nonce": asked.get("nonce", ""), **about, **self.says}
        said = {name: value for name, value in whole.items() if value is not None}
        if self.forges is not None:
            return self.forges(said)
        key = self.signs_with or self.key
        return jwt.encode({"alg": self.alg, "kid": "one"}, said, key, algorithms=[self.alg])

    async def _userinfo(self, request: web.Request) -> web.Response:
        subject = self._tokens[request.headers["Authorization"].removeprefix("Bearer ")]
        return web.json_response({"sub": subject, **self.people[subject], **(self.elsewhere or {})})


def forged(claims: dict[str, Any], alg: str, key: bytes = b"") -> str:
    """A token signed by nobody (`none`), or with whatever is at hand (`HS256`)."""
    parts = (json.dumps(each).encode() for each in ({"alg": alg, "kid": "one"}, claims))
    said = ".".join(_base64(each) for each in parts)
    return f"{said}.{_base64(hmac.digest(key, said.encode(), 'sha256')) if key else ''}"


def _base64(given: bytes) -> str:
    return base64.urlsafe_b64encode(given).decode().rstrip("=")


@asynccontextmanager
async def providing(now: Callable[[], datetime], port: int = 0) -> AsyncIterator[Provider]:
    """It, on a port of its own."""
    provider = Provider(now)
    runner = web.AppRunner(provider.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
