"""Guessing one-time codes: wrong ones are counted for each address, so that nobody tries many.

Only wrong codes count, and only the use of codes is closed: whoever is signed in goes on, and an office that signs in
together one morning never notices.
"""

from datetime import timedelta
from ipaddress import ip_address

from aiohttp import web

from safety_service.services import HOT

WRONG = 20
WITHIN = timedelta(minutes=10)


async def may_try(request: web.Request) -> bool:
    """Whether this address may try a code."""
    return await request.app[HOT].get(f"code-shut:{address_of(request)}") is None


async def was_wrong(request: web.Request) -> None:
    """Count a wrong code."""
    address = address_of(request)
    hot = request.app[HOT]
    if await hot.count(f"code-wrong:{address}", WITHIN) >= WRONG:
        await hot.put(f"code-shut:{address}", {}, WITHIN)


def address_of(request: web.Request) -> str:
    """Where the request comes from. A proxy beside us (at a private address) says for whom it speaks."""
    peer = request.remote or ""
    spoken_for = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return spoken_for if spoken_for and _private(peer) and _is_address(spoken_for) else peer


def _private(address: str) -> bool:
    return _is_address(address) and ip_address(address).is_private


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
