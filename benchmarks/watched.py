"""Who is inside: what every process of a measurement knows. It imports little, so that a process begins at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody who is inside: their visit, and the token of their phone."""

    visit_id: UUID
    worker_id: UUID
    token: str

    @property
    def digest(self) -> str:
        """What the database keeps of the token."""
        return hashlib.sha256(self.token.encode()).hexdigest()


def save(watched: Sequence[Watched], path: Path) -> Path:
    """For the other processes."""
    path.write_text(json.dumps([asdict(each) for each in watched], default=str))
    return path


def load(path: Path) -> list[Watched]:
    """What `save` wrote."""
    kept = json.loads(path.read_text())
    return [Watched(UUID(each["visit_id"]), UUID(each["worker_id"]), each["token"]) for each in kept]
