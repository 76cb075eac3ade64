"""A button before it has its words. What a message has of them follows from its template and params."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from bots.dialogue.tokens import Token

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tap:
    """A button before it has its words: its label's name, or what it says instead; and what a press carries."""

    label: str
    token: Token | None = None
    kind: Literal["token", "position"] = "token"
    words: Mapping[str, str] = field(default_factory=dict)
    #: The label itself, a time (ISO, or `now`), or a length in seconds.
    said: str | None = None
    at: str | None = None
    seconds: float | None = None
    picked: bool = False


Rows = tuple[tuple[Tap, ...], ...]


def id_of(params: Params, key: str) -> UUID | None:
    """The id under this name, if there is one."""
    value = params.get(key)
    return None if value is None else UUID(str(value))
