"""What a test looks at: calls, bubbles on the screen, entries of the transcript, taps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Wanted = str | re.Pattern[str]


def matches(wanted: Wanted, text: str) -> bool:
    """Say whether a text contains the wanted words, or the pattern is found in it."""
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


@dataclass
class Call:
    """One call that the bot made."""

    number: int
    method: str
    chat: int | None
    parameters: dict[str, Any]
    at: datetime
    fault: str | None = None
    status: int | None = None
    result: Any = None
    description: str | None = None


@dataclass(frozen=True)
class Button:
    """An inline button."""

    label: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class Bubble:
    """A message as it looked on the screen at one moment."""

    id: int
    chat: int
    mine: bool
    sender: str
    at: datetime
    text: str
    kind: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    edited_at: datetime | None = None
    position: tuple[float, float] | None = None
    file_id: str | None = None
    reply_to: int | None = None
    pinned: bool = False
    protected: bool = False
    silent: bool = False
    reactions: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its buttons, in order."""
        return tuple(button.label for row in self.buttons for button in row)

    def button(self, label: Wanted) -> Button | None:
        """Return the button with this label (the whole of it, or a pattern)."""
        exact = re.compile(re.escape(label) + r"\Z") if isinstance(label, str) else label
        found = (button for row in self.buttons for button in row)
        matching = exact.match if isinstance(label, str) else exact.search
        return next((button for button in found if matching(button.label)), None)

    def __str__(self) -> str:
        marks = "".join([" (edited)" if self.edited_at else "", " (pinned)" if self.pinned else ""])
        words = self.text or f"<{self.kind}>"
        rows = "".join(f"\n      {' '.join(f'[{button.label}]' for button in row)}" for row in self.buttons)
        return f"#{self.id} {self.at:%H:%M:%S} {self.sender}: {words}{marks}{rows}"


@dataclass(frozen=True)
class Toast:
    """A short notice after a press of a button."""

    at: datetime
    text: str
    alert: bool


@dataclass(frozen=True)
class Screen:
    """What a phone shows at one moment, oldest message first."""

    bubbles: tuple[Bubble, ...]
    keyboard: tuple[str, ...] = ()
    toasts: tuple[Toast, ...] = ()

    def __iter__(self) -> Iterator[Bubble]:
        return iter(self.bubbles)

    def __len__(self) -> int:
        return len(self.bubbles)

    def __getitem__(self, index: int) -> Bubble:
        return self.bubbles[index]

    @property
    def from_bot(self) -> tuple[Bubble, ...]:
        """The messages of the bot."""
        return tuple(bubble for bubble in self.bubbles if not bubble.mine)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all inline buttons on the screen."""
        return tuple(label for bubble in self.bubbles for label in bubble.labels)

    def find(self, wanted: Wanted) -> Bubble | None:
        """Return the newest message of the bot with these words."""
        return next((bubble for bubble in reversed(self.from_bot) if matches(wanted, bubble.text)), None)

    def __str__(self) -> str:
        lines = [str(bubble) for bubble in self.bubbles] or ["(an empty screen)"]
        lines += [f"(notice) {toast.text}" for toast in self.toasts]
        lines += [f"(keyboard) {' '.join(f'[{label}]' for label in self.keyboard)}"] if self.keyboard else []
        return "\n".join(lines)


@dataclass(frozen=True)
class Entry:
    """One line of a transcript: who did what, when."""

    at: datetime
    chat: int
    who: str
    what: str
    text: str = ""
    message: int | None = None
    buttons: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.who} {self.what} {self.text}".rstrip()


@dataclass(frozen=True)
class Taps:
    """How much a person had to do: presses of buttons, typed messages, and other things sent."""

    presses: int = 0
    typed: int = 0
    sent: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.presses + self.typed + self.sent

    def __sub__(self, earlier: Taps) -> Taps:
        return Taps(self.presses - earlier.presses, self.typed - earlier.typed, self.sent - earlier.sent)


class NotSeen(AssertionError):
    """What was expected on a phone did not come."""


class NotThere(LookupError):
    """There is nothing on the phone that could be pressed so."""
