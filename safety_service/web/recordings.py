"""Voice notes and photographs on pages: telling a debrief by voice, and opening what was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import BodyPartReader, web

from safety_service.actions import debriefs, kept_files
from safety_service.actions.kept_files import LARGEST, Spoken, name_of
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.kept_files import KeptFile
from safety_service.web.acting import done, looked
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One of them as a page shows it. `href` is empty while there is nothing to open: `says` tells why."""

    says: str
    href: str
    spoken: bool


def recordings(rows: Sequence[KeptFile], zone: ZoneInfo) -> list[Recording]:
    """Each with when it was said and how long it is."""
    return [Recording(says=_says(each, zone), href=_href(each), spoken=each.kind == "voice") for each in rows]


def _href(row: KeptFile) -> str:
    return "" if row.gone or row.next_at else f"/files/{row.id}"


def _says(row: KeptFile, zone: ZoneInfo) -> str:
    length = "" if row.seconds is None else f", {row.seconds // 60}:{row.seconds % 60:02}"
    what = "Voice note" if row.kind == "voice" else "Photo"
    state = {"not_had": "it never reached us", "retention": "removed: kept long enough"}.get(row.gone or "")
    if state is None and row.next_at is not None:
        state = "still on its way"
    at = row.said_at.astimezone(zone)
    return f"{what}, {at.day} {at:%B, %H:%M}{length}{f' ({state})' if state else ''}"


@routes.get("/files/{id}")
async def opened(request: web.Request) -> web.StreamResponse:
    """The file, for whoever may open it; played or shown, never run."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[KeptFile, bytes] | Refused:
        try:
            return await kept_files.open_file(tx, visitor.actor, id_of(request))
        except Refused as why:
            return why

    _, found = await looked(request, "file", work)
    if isinstance(found, Refused):
        raise web.HTTPNotFound(text="It is not there (yet).")
    row, body = found
    headers = {
        "Content-Type": row.media_type,
        "Content-Disposition": f'inline; filename="{name_of(row)}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return web.Response(body=body, headers=headers)


@routes.get("/debriefs/{id}/speak")
async def speak(request: web.Request) -> web.StreamResponse:
    """One field: the phone's own recorder opens from it."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        row = await debriefs.own(tx, visitor.actor, id_of(request))
        kept = await kept_files.of_debrief(tx, visitor.actor, row.id)
        return {
            "debrief": row,
            "kept": recordings(kept, visitor.known.zone),
            "once": str(new_id()),
            "most": LARGEST // 2**20,
        }

    visitor, context = await looked(request, "debrief", work)
    return page(request, "speak.html", visitor, context=context)


@routes.post("/debriefs/{id}/speak")
async def spoken(request: web.Request) -> web.StreamResponse:
    """Keep it; the same form sent twice is kept once."""
    # Whose it is comes first: nobody else's megabytes are read.
    await looked(request, "debrief", lambda tx, visitor: debriefs.own(tx, visitor.actor, id_of(request)))
    once, media_type, body = await _recorded(request)

    async def work(tx: Tx, visitor: Visitor) -> None:
        said = Spoken(
            kind="voice",
            provider_id=f"page:{visitor.person_id}:{once}",
            media_type=media_type,
            size=len(body),
            body=body,
        )
        if not body:
            raise Refused("file_not_known")
        await kept_files.speak(tx, visitor.actor, id_of(request), said)

    return await done(request, "speak", "debrief", work, back=f"/debriefs/{id_of(request)}/speak")


async def _recorded(request: web.Request) -> tuple[str, str, bytes]:
    """What the form carries: its own number, the recording's type, and the recording, read no further than is kept."""
    once, media_type, body = "", "", b""
    if not request.content_type.startswith("multipart/"):
        return once, media_type, body
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "once":
            once = (await part.read_chunk(64)).decode(errors="replace")
        elif part.name == "voice":
            media_type = part.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            body = await _up_to(part, LARGEST + 1)
    return once, media_type, body


async def _up_to(part: BodyPartReader, most: int) -> bytes:
    read = bytearray()
    while len(read) < most and (chunk := await part.read_chunk()):
        read += chunk
    return bytes(read[:most])
