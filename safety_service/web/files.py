"""Style sheets and scripts, small and few: read once, and answered from memory.

aiohttp's own file response leaves its file open when a phone goes away in the middle of it.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_files(app: web.Application, prefix: str, folder: Path) -> None:
    """Answer for every file of a folder below a path; a browser that has it already is told so."""
    for path in sorted(folder.iterdir()):
        app.router.add_get(f"{prefix}/{path.name}", _from_memory(path))


def _from_memory(path: Path) -> Handler:
    body = path.read_bytes()
    etag = sha256(body).hexdigest()[:32]
    kind = guess_type(path.name)[0] or "application/octet-stream"

    async def answer(request: web.Request) -> web.StreamResponse:
        known = any(each.value == etag for each in request.if_none_match or ())
        response = web.Response(status=304) if known else web.Response(body=body, content_type=kind, charset=None)
        response.etag = etag
        return response

    return answer
