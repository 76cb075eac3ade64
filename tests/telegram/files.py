"""Files on Telegram's side: what was sent in either direction, kept by file_id."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .params import Upload
from .wire import JSON, bad_request

LARGEST_DOWNLOAD = 20 * 1024 * 1024


@dataclass(frozen=True)
class StoredFile:
    """One file, with the names by which it can be asked for."""

    file_id: str
    unique_id: str
    path: str
    name: str
    content_type: str
    data: bytes

    def wire(self) -> JSON:
        """Return the fields which all kinds of file have in common."""
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}


class FileStore:
    """All the files that Telegram holds for the bot."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}

    def add(self, upload: Upload, folder: str) -> StoredFile:
        """Keep a file and give it a file_id."""
        digest = hashlib.sha256(folder.encode() + upload.data).hexdigest()
        number = len(self._by_id) + 1
        name = upload.name or "file"
        path = f"{folder}/file_{number}{name[name.rfind('.') :] if '.' in name else ''}"
        file = StoredFile(
            f"AgAC{number:06d}{digest[:40]}", f"AQAD{digest[:12]}", path, name, upload.content_type, upload.data
        )
        self._by_id[file.file_id] = file
        return file

    def get(self, file_id: str) -> StoredFile:
        """Return the file with this file_id; refuse as Telegram does."""
        try:
            return self._by_id[file_id]
        except KeyError:
            raise bad_request("wrong file identifier/HTTP URL specified") from None

    def at(self, path: str) -> StoredFile | None:
        """Return the file at a download path."""
        return next((file for file in self._by_id.values() if file.path == path), None)

    def take(self, source: Upload | str, folder: str) -> StoredFile:
        """Return the file of a send: newly uploaded, or one that is held already."""
        if isinstance(source, Upload):
            if not source.data:
                raise bad_request("file must be non-empty")
            return self.add(source, folder)
        if not source:
            raise bad_request(f"there is no {folder.rstrip('s')} in the request")
        return self.get(source)
