"""The parameters of one call, however they were sent: query, form, multipart or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .wire import JSON, bad_request


@dataclass(frozen=True)
class Upload:
    """A file that came with a call."""

    name: str
    content_type: str
    data: bytes


class Params:
    """The parameters of one call, with the types that methods ask for."""

    def __init__(self, fields: Mapping[str, Any], uploads: Mapping[str, Upload] | None = None) -> None:
        self._fields = {key: value for key, value in fields.items() if value is not None}
        self._uploads = dict(uploads or {})

    def has(self, name: str) -> bool:
        """Say whether the parameter was given."""
        return name in self._fields

    def text(self, name: str, default: str = "") -> str:
        """Return a parameter as text."""
        return str(self._fields.get(name, default))

    def integer(self, name: str, default: int = 0) -> int:
        """Return a parameter as a whole number."""
        try:
            return int(self._fields.get(name, default))
        except (TypeError, ValueError):
            raise bad_request(f'parameter "{name}" must be an integer') from None

    def number(self, name: str) -> float:
        """Return a parameter as a number."""
        try:
            return float(self._fields[name])
        except (KeyError, TypeError, ValueError):
            raise bad_request(f'parameter "{name}" must be a number') from None

    def flag(self, name: str) -> bool:
        """Return a parameter as yes or no."""
        return str(self._fields.get(name, "")).lower() in {"true", "1", "yes"}

    def data(self, name: str) -> Any:
        """Return a parameter that holds JSON, or None."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def file(self, name: str) -> Upload | str:
        """Return a file that came with the call, or the file_id or address that was given in its place."""
        value = self.text(name)
        key = value.removeprefix("attach://") if value.startswith("attach://") else name
        return self._uploads.get(key, value)

    @property
    def chat_id(self) -> int | None:
        """The chat which the call is about, where it names one."""
        try:
            return int(self._fields["chat_id"])
        except (KeyError, TypeError, ValueError):
            return None

    def plain(self) -> JSON:
        """Return all parameters as plain data, for the record of calls."""
        files = {name: f"<{len(upload.data)} bytes>" for name, upload in self._uploads.items()}
        return {name: _plain(value) for name, value in self._fields.items()} | files


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


async def read_params(request: web.Request) -> Params:
    """Read the parameters of a call in any of the four ways that Telegram takes."""
    fields: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json":
        body = await request.text()
        fields |= json.loads(body) if body else {}
        return Params(fields)
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            uploads[name] = Upload(value.filename, value.content_type, value.file.read())
        elif isinstance(value, bytes | bytearray):
            uploads[name] = Upload(name, "application/octet-stream", bytes(value))
        else:
            fields[name] = value
    return Params(fields, uploads)
