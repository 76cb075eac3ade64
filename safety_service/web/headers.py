"""Headers that every answer carries: nothing from elsewhere, nothing kept by the browser, in nobody's frame."""

from aiohttp import web


def content_policy(images_from: str = "") -> str:
    """What a page may load: what is ours, and pictures from one other host, where there is one (an alert's map)."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {images_from}".strip(),
            "connect-src 'self'",
            "media-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


CONTENT_POLICY = content_policy()
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    # Not `no-referrer`: with it browsers send `Origin: null` with our own forms, and these would be refused.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}
STATIC = "/static/"


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: pages may hold case data, so nothing but our static files is ever stored."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-cache" if request.path.startswith(STATIC) else "no-store")
