"""Style sheets and scripts, small and few: read once, squeezed once, and answered from memory.

aiohttp's own file response leaves its file open when a phone goes away in the middle of it. Only these files are
squeezed: the length of a squeezed page tells something of what is in it.
"""

import gzip
from collections.abc import Awaitable, Callable
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from aiohttp import hdrs, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_files(app: web.Application, prefix: str, folder: Path) -> None:
    """Answer for every file of a folder, and of the folders in it, below a path; who has one already is told so."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        app.router.add_get(f"{prefix}/{path.relative_to(folder).as_posix()}", _from_memory(path))


def _from_memory(path: Path) -> Handler:
    body = path.read_bytes()
    squeezed = gzip.compress(body, mtime=0)
    etag = sha256(body).hexdigest()[:32]
    kind = guess_type(path.name)[0] or "application/octet-stream"

    async def answer(request: web.Request) -> web.StreamResponse:
        small = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "") and len(squeezed) < len(body)
        # Two spellings of one file are two things to whoever keeps them.
        mark = f"{etag}-gz" if small else etag
        if any(each.value == mark for each in request.if_none_match or ()):
            response = web.Response(status=304)
        else:
            response = web.Response(body=squeezed if small else body, content_type=kind, charset=None)
            if small:
                response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        response.etag = mark
        return response

    return answer
