"""What somebody said, whichever way it came in."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

#: A note is kept and moves nothing: what was said before and is edited now, a sticker, a place that is not theirs.
Kind = Literal["text", "button", "position", "live_position", "voice", "photo", "document", "note"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the phone is: WGS-84 degrees, accuracy in metres."""

    latitude: float
    longitude: float
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One word from one chat. `said_at` is the provider's time (aware UTC); `person_id` None: nobody we know."""

    person_id: UUID | None
    channel: str
    kind: Kind
    said_at: datetime
    provider_id: str
    chat: str = ""
    text: str = ""
    token: str = ""
    position: Place | None = None
    #: Whatever else the way in wants to keep (a file's id, the message that was pressed).
    extra: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """What the inbox keeps of it, sealed."""
        position = None if self.position is None else asdict(self.position)
        kept = {"kind": self.kind, "chat": self.chat, "text": self.text, "token": self.token, "position": position}
        return {**kept, "extra": self.extra}


def from_payload(
    payload: dict[str, Any], *, person_id: UUID | None, channel: str, provider_id: str, said_at: datetime
) -> Incoming:
    """The word as it was kept by `Incoming.payload`."""
    position = payload.get("position")
    return Incoming(
        person_id=person_id,
        channel=channel,
        kind=payload["kind"],
        said_at=said_at,
        provider_id=provider_id,
        chat=payload.get("chat", ""),
        text=payload.get("text", ""),
        token=payload.get("token", ""),
        position=None if position is None else Place(**position),
        extra=payload.get("extra", {}),
    )
