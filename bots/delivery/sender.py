"""The port through which the dispatcher hands messages to a channel."""

from __future__ import annotations

from typing import Protocol

from bots.delivery.outcome import Outcome
from bots.dialogue.render import Rendered
from safety_service.store.outbox import Outgoing


class Sender(Protocol):
    """One channel's way out. It never raises for what a provider does: that is an outcome."""

    @property
    def kind(self) -> str:
        """The channel kind that it serves, as in table `channel`."""

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        """Hand one message over, within seconds, and say what became of it."""
