"""A page of somebody else's must not act with our visitor's cookie (cross-site request forgery)."""

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Carries no cookie: a bearer token in a header cannot be sent by a page of somebody else's.
API = "/api/"
#: One-time links for people of other agencies: no cookie either, and whoever can send it holds the link.
LINKS = "/a/"
#: One-time links of alarms look at this themselves: their page hands on no address, so that some browsers send none.
ALARMS = "/take/"


def comes_from_us(request: web.Request, public_url: str) -> bool:
    """Whether a changing request was sent by one of our own pages, or by no browser at all.

    Every browser sends `Sec-Fetch-Site` or `Origin` with a POST to a site that it is not on. A program that sends
    neither has no cookies of anybody's to misuse.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    sender = urlsplit(origin)
    return bool(sender.netloc) and sender.netloc in {request.host, urlsplit(public_url).netloc}


def refuse_foreign_posts(public_url: str) -> Middleware:
    """A middleware that answers 403 to what another site's page sends with our cookie."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        foreign = request.method not in SAFE and not request.path.startswith((API, LINKS, ALARMS))
        if foreign and not comes_from_us(request, public_url):
            raise web.HTTPForbidden(text="This came from another site's page, so nothing was done.")
        return await handler(request)

    return middleware
