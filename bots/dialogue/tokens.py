"""What a button carries: a verb, what it is about, and which question it belongs to. At most 64 bytes."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

#: Telegram's limit for what a button carries, in bytes.
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Token:
    """`verb:id:number:word`, the last ones left out where they are empty.

    `number` is the question's, the alert's step or the form's turn: an older one cannot answer a newer question.
    """

    verb: str
    id: UUID | None = None
    number: int | None = None
    word: str = ""

    def __str__(self) -> str:
        parts = [self.verb, short(self.id), "" if self.number is None else str(self.number), self.word]
        while parts and not parts[-1]:
            parts.pop()
        text = ":".join(parts)
        if len(text.encode()) > LONGEST:
            raise ValueError(f"a button of {self.verb} carries more than {LONGEST} bytes")
        return text


def read(text: str) -> Token | None:
    """The token, or None for what is none of ours."""
    parts = text.split(":", 3)
    if not parts[0].isidentifier() or len(text) > LONGEST:
        return None
    parts += [""] * (4 - len(parts))
    try:
        number = int(parts[2]) if parts[2] else None
        return Token(parts[0], long(parts[1]), number, parts[3])
    except ValueError:
        return None


def short(value: UUID | None) -> str:
    """An id in 22 characters."""
    return "" if value is None else urlsafe_b64encode(value.bytes).decode().rstrip("=")


def long(text: str) -> UUID | None:
    """The id again. Raises ValueError."""
    if not text:
        return None
    try:
        return UUID(bytes=urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except binascii.Error as error:
        raise ValueError("not an id") from error
