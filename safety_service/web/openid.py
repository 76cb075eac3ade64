"""The agency's own sign-in service, spoken to as OpenID Connect asks: code flow, state, nonce, PKCE, signed answers.

Nothing that comes back is believed before its signature, its issuer, its audience, its times and its nonce are.
Its keys are asked for at each sign-in, so that one that it has changed is never in the way.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, web
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from config.settings import Settings, is_https, is_near
from safety_service.actions.accounts import Account
from safety_service.store import sealing
from safety_service.store.errors import KeysDoNotOpen

BACK = "/account/back"
#: Signed by a key that only the service has; never by a secret that both sides know, never by nothing.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
KEYS = ("RSA", "EC", "OKP")
#: Seconds: for one answer; by which clocks may differ; for which somebody may sit at the service's page.
PATIENCE, APART, LASTS = 5.0, 60, 600
#: Seconds for which what it says of itself is not asked for again: whoever knocks here often does not knock there.
KNOWN_FOR = 60.0
LARGEST = 1 << 20  # bytes
#: Without these nobody signs in there.
NEEDED = frozenset({"authorization_endpoint", "token_endpoint", "jwks_uri"})


class Away(Exception):
    """The service does not answer, or not as it should."""


class NotBelieved(Exception):
    """What came back is not what was asked for, or not signed by whom it says."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What this browser was sent off with, and why: to come in, or from a session, to show `again` or to `link`."""

    state: str
    nonce: str
    verifier: str
    at: float
    why: str = "in"
    session: str = ""

    @classmethod
    def fresh(cls, now: datetime, why: str = "in", session: str = "") -> Attempt:
        """With secrets of its own."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, now.timestamp(), why, session)

    def sealed(self) -> str:
        """For a cookie."""
        return sealed(asdict(self))

    @classmethod
    def opened(cls, given: str, now: datetime) -> Attempt:
        """Raises NotBelieved: it was not sealed here, or too long ago."""
        try:
            return cls(**opened(given, now))
        except TypeError:
            raise NotBelieved("it was sealed for something else") from None


def sealed(said: dict[str, Any]) -> str:
    """For a browser to carry: nobody reads it, and nobody makes one. `at`: since when it counts."""
    return sealing.ring().seal(json.dumps(said).encode()).decode()


def opened(given: str, now: datetime) -> dict[str, Any]:
    """Raises NotBelieved: it was not sealed here, or too long ago."""
    try:
        found: dict[str, Any] = json.loads(sealing.ring().open(given.encode()))
        age = now.timestamp() - found["at"]
    except (KeysDoNotOpen, ValueError, TypeError, KeyError):
        raise NotBelieved("this browser was not sent off from here") from None
    if not 0 <= age <= LASTS:
        raise NotBelieved("it took too long")
    return found


class SignInService:
    """The one that the settings name."""

    def __init__(self, settings: Settings) -> None:
        """Raises ValueError where the settings name none."""
        if settings.oidc is None:
            raise ValueError("no sign-in service is set")
        self._issuer, self._client, self._secret = settings.oidc
        self._back = settings.base_url + BACK
        self._known: tuple[float, dict[str, Any]] | None = None

    async def address(self, attempt: Attempt) -> str:
        """Where to send the browser. Raises Away."""
        async with _asking() as http:
            there = await self._about(http)
        # Whoever shows again that it is them does so there and then, not by a session that is open there.
        again = {"prompt": "login", "max_age": "0"} if attempt.why == "again" else {}
        if attempt.why == "link":
            again = {"prompt": "login"}
        address: str = prepare_grant_uri(
            there["authorization_endpoint"],
            self._client,
            "code",
            redirect_uri=self._back,
            scope="openid email",
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            **again,
        )
        return address

    async def account(self, attempt: Attempt, query: Mapping[str, str], now: datetime) -> Account:
        """Who signed in there, from what the browser brought back. Raises Away, NotBelieved."""
        if not hmac.compare_digest(query.get("state", "").encode(), attempt.state.encode()):
            raise NotBelieved("another state came back")
        if query.get("iss", self._issuer) != self._issuer:
            raise NotBelieved("another service sent it back")
        if not query.get("code"):
            raise NotBelieved("no code came back")
        async with _asking() as http:
            there = await self._about(http)
            tokens = await self._redeem(http, there, query["code"], attempt)
            keys = await _read(http, there["jwks_uri"])
            claims = self._believed(tokens, keys, attempt, now)
            email, shown = await _email(http, there, tokens, claims)
        return Account(self._issuer, str(claims["sub"]), email, shown)

    async def _about(self, http: ClientSession) -> dict[str, Any]:
        if self._known is not None and time.monotonic() - self._known[0] < KNOWN_FOR:
            return self._known[1]
        found = await _read(http, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self._issuer:
            raise Away("the sign-in service calls itself by another name than DOORSTEP_OIDC_ISSUER")
        for name in sorted(NEEDED | {each for each in found if each.endswith("_endpoint")}):
            must_be_sealed(name, str(found.get(name) or ""), near=is_near(self._issuer))
        self._known = time.monotonic(), found
        return found

    async def _redeem(self, http: ClientSession, there: dict[str, Any], code: str, attempt: Attempt) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": attempt.verifier,
        }
        headers = {}
        ways = there.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in ways:
            pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._client, "client_secret": self._secret}
        return await _read(http, there["token_endpoint"], form=form, headers=headers, refused=NotBelieved)

    def _believed(
        self, tokens: dict[str, Any], keys: dict[str, Any], attempt: Attempt, now: datetime
    ) -> dict[str, Any]:
        """What the service says, once its signature and everything in it holds."""
        try:
            token = jwt.decode(
                str(tokens.get("id_token", "")),
                KeySet.import_key_set({"keys": _signing(keys)}),
                algorithms=ALGORITHMS,
            )
            known = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client},
            }
            given = {"nonce": attempt.nonce, "client_id": self._client, "access_token": tokens.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, known, given)
            claims.validate(now=int(now.timestamp()), leeway=APART)
        except (JoseError, ValueError, TypeError, KeyError) as why:
            raise NotBelieved(f"its answer does not hold: {type(why).__name__}") from None
        if attempt.why == "again" and not _just_now(claims.get("auth_time"), attempt):
            raise NotBelieved("nobody signed in there anew")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise NotBelieved("its answer names nobody")
        return dict(claims)


SERVICE: web.AppKey[SignInService] = web.AppKey("sign-in service")


def must_be_sealed(name: str, address: str, *, near: bool) -> None:
    """Raises Away: whoever is on the way to that address would read tokens, or say who somebody is.

    `near`: the service itself runs on this machine. One far away sends nobody to what runs here.
    """
    if not address and name not in NEEDED:
        return
    if not (is_https(address) or (near and is_near(address))):
        raise Away(f"the {name} that the sign-in service names has to be an https address, and is {address!r:.200}")


def _signing(keys: dict[str, Any]) -> list[Any]:
    """Those that sign; a service may publish others."""
    found = [each for each in keys.get("keys", ()) if isinstance(each, dict)]
    return [each for each in found if each.get("kty") in KEYS and each.get("use", "sig") == "sig"]


def _just_now(auth_time: object, attempt: Attempt) -> bool:
    return isinstance(auth_time, int | float) and auth_time >= attempt.at - APART


async def _email(
    http: ClientSession, there: dict[str, Any], tokens: dict[str, Any], claims: dict[str, Any]
) -> tuple[str, str]:
    """The address that the service has verified, or nothing; and what it calls this account.

    Some say it only where the token is shown.
    """
    said = claims
    if "email" not in said and there.get("userinfo_endpoint") and tokens.get("access_token"):
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        said = await _read(http, str(there["userinfo_endpoint"]), headers=headers)
        if said.get("sub") != claims["sub"]:
            raise NotBelieved("its answers name two people")
    email = said.get("email")
    verified = email if isinstance(email, str) and said.get("email_verified") is True else ""
    return verified, str(email or said.get("preferred_username") or "")[:254]


def _asking() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=PATIENCE))


async def _read(
    http: ClientSession,
    url: str,
    *,
    form: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    refused: type[Exception] = Away,
) -> dict[str, Any]:
    """An answer in JSON. `refused`: what is raised when the service says no. Raises Away."""
    how = "GET" if form is None else "POST"
    try:
        async with http.request(how, url, data=form, headers=headers, allow_redirects=False) as answer:
            body, status = await _body(answer), answer.status
        if status in (400, 401, 403):
            raise refused(f"the sign-in service said {status}")
        found = json.loads(body) if status == 200 else None
    except (ClientError, TimeoutError, ValueError) as why:
        raise Away(f"the sign-in service does not answer: {type(why).__name__}") from None
    if not isinstance(found, dict):
        raise Away(f"the sign-in service answered {status}, and nothing that can be used")
    return found


async def _body(answer: ClientResponse) -> bytes:
    body = b""
    async for each in answer.content.iter_chunked(LARGEST):
        body += each
        if len(body) > LARGEST:
            raise Away("the sign-in service says more than anybody reads")
    return body
