"""What lies beside a copy of the database: what it is of, when it was made, and by what its damage would show."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from safety_service.store.errors import CopyFailed

#: Of the file itself: a later version may know more.
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`keys` names the keys, and tells nothing of them: they are not in the copy."""

    format: int = FORMAT
    database: str
    revision: str
    at: datetime
    watched_until: datetime | None
    counts: dict[str, int]
    keys: tuple[str, ...]
    sha256: str


def beside(file: Path) -> Path:
    """Where it lies."""
    return file.with_name(f"{file.name}.json")


def write(manifest: Manifest, path: Path) -> None:
    """Write it, for its owner alone. Raises OSError."""
    path.touch(mode=0o600, exist_ok=False)
    plain = {name: _plain(value) for name, value in asdict(manifest).items()}
    path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def read(file: Path) -> Manifest:
    """The manifest of this copy, which is held against it. Raises CopyFailed."""
    path = beside(file)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        found = _manifest(kept)
        whole = digest(file) == found.sha256
    except OSError as error:
        raise CopyFailed(f"{error.filename} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CopyFailed(f"{path} is no description of a copy") from None
    if not whole:
        raise CopyFailed(f"{file} is not as it was made: it is damaged, or {path.name} belongs to another copy")
    return found


def _manifest(kept: dict[str, Any]) -> Manifest:
    until = kept["watched_until"]
    return Manifest(
        format=kept["format"],
        database=kept["database"],
        revision=kept["revision"],
        at=datetime.fromisoformat(kept["at"]),
        watched_until=None if until is None else datetime.fromisoformat(until),
        counts=dict(kept["counts"]),
        keys=tuple(kept["keys"]),
        sha256=kept["sha256"],
    )


def digest(file: Path) -> str:
    """SHA-256 of a file, in hex. Raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
