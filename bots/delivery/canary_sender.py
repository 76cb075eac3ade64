"""Handing the canary's messages to the ear that is its own: over HTTP on this machine, as to any provider."""

from __future__ import annotations

import aiohttp

from bots.delivery.outcome import NotSent, Outcome, Sent, Unknown
from bots.dialogue.render import Rendered
from safety_service.domain.reaching import CANARY
from safety_service.store.outbox import Outgoing

#: Seconds that the ear may take.
WITHIN = 6.0


class CanarySender:
    """The sender for the canary's channel. `url`: where its ear is; None while there is none."""

    kind = CANARY

    def __init__(self) -> None:
        self.url: str | None = None

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        """Hand one message over. What is refused may have been heard: only no connection says that it was not."""
        if self.url is None:
            return NotSent("the canary has no ear here")
        said = {"template": out.template, "alert": out.alert_id and str(out.alert_id), "text": rendered.text}
        patience = aiohttp.ClientTimeout(total=WITHIN)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as outside,
                outside.post(self.url, json=said) as answer,
            ):
                answer.raise_for_status()
        except aiohttp.ClientConnectorError as error:
            return NotSent(type(error).__name__)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Unknown(type(error).__name__)
        return Sent("")
