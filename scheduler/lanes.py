"""The lanes in which messages go out, side by side."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from safety_service.actions.telling import Priority
from safety_service.domain.reaching import CHATS


@dataclass(slots=True)
class Lane:
    """Slots of its own: neither routine nor another provider that hangs keeps an alarm waiting, nor alarms an SOS."""

    name: str
    kinds: tuple[str, ...]
    least: Priority
    most: Priority
    slots: int
    in_order: bool
    busy: set[asyncio.Task[None]] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    #: Whether more waits than there were slots, as far as is known.
    more: bool = False

    @property
    def gathers(self) -> bool:
        """Whether alarms go out here, of which many to one chat go as one message."""
        return self.least <= Priority.ALARM <= self.most


def lanes(kinds: Collection[str]) -> tuple[Lane, ...]:
    """Three of the chats: danger, alarms, routine. Two of each other provider, which carries little routine: an SOS by
    text message waited until one of the alarms was given up, that the provider left unanswered.
    """
    chats = tuple(kind for kind in kinds if kind in CHATS)
    others = [kind for kind in kinds if kind not in CHATS]
    return (
        Lane("danger", chats, Priority.DANGER, Priority.DANGER, slots=32, in_order=False),
        Lane("urgent", chats, Priority.ALARM, Priority.ALARM, slots=64, in_order=False),
        Lane("routine", chats, Priority.QUESTION, Priority.ROUTINE, slots=32, in_order=True),
        *(lane for kind in others for lane in _two(kind)),
    )


def _two(kind: str) -> tuple[Lane, Lane]:
    return (
        Lane(f"{kind} danger", (kind,), Priority.DANGER, Priority.DANGER, slots=8, in_order=False),
        Lane(kind, (kind,), Priority.ALARM, Priority.ROUTINE, slots=16, in_order=False),
    )
