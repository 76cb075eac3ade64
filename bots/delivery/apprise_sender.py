"""Handing messages to the providers beside Telegram: calls, text messages, e-mail, a team's own channel.

Apprise says only whether it worked. Neither a person's address nor what was said gets into any log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from bots.delivery.outcome import NotSent, Outcome, Sent, Unknown
from bots.dialogue.render import Rendered
from config.providers import quieten, with_address
from safety_service.actions.telling import Priority
from safety_service.store.outbox import Outgoing

log = logging.getLogger(__name__)

#: Seconds that a provider has to take the call, to answer it, and for both: less than the dispatcher's ten.
CONNECT_WITHIN = 3.0
ANSWER_WITHIN = 6.0
WITHIN = 9.0
#: Messages of one kind on their way at once; each kind has threads of its own, so that one that hangs delays no other,
#: and so has danger in each.
AT_ONCE, DANGER_AT_ONCE = 16, 8
#: What stands over a message where the provider has a place for that. It says nothing.
TITLE = "Doorstep"
#: A text message and a call have no heading: it would be put before what is said.
WITHOUT_TITLE = frozenset({"voice", "sms"})


class AppriseSender:
    """The sender for one kind of channel: `voice`, `sms`, `email` or `hook`."""

    def __init__(self, kind: str, url: str) -> None:
        quieten()
        self._kind = kind
        self._url = url
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix=kind)
        self._danger = ThreadPoolExecutor(DANGER_AT_ONCE, thread_name_prefix=f"{kind} danger")

    @property
    def kind(self) -> str:
        """The channel kind that it serves."""
        return self._kind

    async def send(self, out: Outgoing, rendered: Rendered) -> Outcome:
        """Hand one message over. What fails at once was not taken; what fails after a wait may have been."""
        began = time.monotonic()
        url = with_address(self._url, out.address)
        threads = self._danger if out.priority <= Priority.DANGER else self._threads
        try:
            async with asyncio.timeout(WITHIN):
                taken = await asyncio.get_running_loop().run_in_executor(
                    threads, _notify, url, rendered.text, "" if self._kind in WITHOUT_TITLE else TITLE
                )
        except TimeoutError:
            return Unknown("the provider did not answer in time")
        except Exception as error:  # noqa: BLE001  (a plugin's error may hold the address: its kind alone is said)
            log.error("the provider for %s failed: %s", self._kind, type(error).__name__)  # noqa: TRY400
            return Unknown(type(error).__name__)
        if taken:
            return Sent("")
        log.warning("the provider for %s did not take message %s", self._kind, out.id)
        if time.monotonic() - began >= ANSWER_WITHIN:
            return Unknown("the provider did not answer in time")
        return NotSent("the provider did not take it")

    def close(self) -> None:
        """Begin nothing more; what is on its way is not waited for."""
        for each in (self._threads, self._danger):
            each.shutdown(wait=False, cancel_futures=True)


def _notify(url: str, text: str, title: str) -> bool:
    """In a thread: whether every target took it. Raises nothing that Apprise does not raise by itself.

    The plugin itself is called: through `Apprise` all kinds would share its one pool of threads, and a provider that
    hangs would hold up the others.
    """
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415  (25 MiB, only where a provider is set)

    service = Apprise.instantiate(url)
    if service is None:
        return False
    service.socket_connect_timeout, service.socket_read_timeout = CONNECT_WITHIN, ANSWER_WITHIN
    return bool(service.notify(body=text, title=title, notify_type=NotifyType.INFO, body_format=NotifyFormat.TEXT))


def senders_for(providers: Mapping[str, str]) -> list[AppriseSender]:
    """A sender for each provider that is set."""
    return [AppriseSender(kind, url) for kind, url in providers.items()]
