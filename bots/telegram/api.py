"""The Bot API through four doors, so that nothing that waits for Telegram makes anything else wait."""

from __future__ import annotations

from typing import Any

from bots.telegram.answers import Line
from bots.telegram.request import Request
from config.proxies import proxy_for

OFFICIAL = "https://api.telegram.org/bot"
CONNECT = 3.0  # seconds until an attempt to connect is given up
READ = 5.0  # seconds of silence until an answer is given up
WAIT_FOR_CONNECTION = 1.0  # seconds until a full pool is given up
DANGER_CONNECTIONS = 32
URGENT_CONNECTIONS = 32
OTHER_CONNECTIONS = 32
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
#: Without what was said before: edits, and the live positions that come as edits.
NEW_WORDS = [each for each in UPDATES if each != "edited_message"]
BATCH = 100  # updates at once, the most that Telegram gives

JSON = dict[str, Any]


class Api:
    """`danger`, `urgent` and `rest` are the library's bots, each with its own connections; so has `updates`.

    Raises UnusableProxy.
    """

    def __init__(self, token: str, api_url: str = "") -> None:
        base = (api_url or OFFICIAL).rstrip("/")
        self._requests: list[Request] = []
        self._proxy = proxy_for(base)
        self._polling = self._bot(token, base, 2)
        self.danger = self._bot(token, base, DANGER_CONNECTIONS)
        self.urgent = self._bot(token, base, URGENT_CONNECTIONS)
        self.rest = self._bot(token, base, OTHER_CONNECTIONS)

    def _bot(self, token: str, base: str, connections: int) -> Line:
        request = Request(connections, READ, READ, CONNECT, WAIT_FOR_CONNECTION, self._proxy)
        self._requests.append(request)
        files = f"{base.removesuffix('/bot')}/file/bot"
        return Line(token, base_url=base, base_file_url=files, request=request, get_updates_request=request)

    async def updates(self, offset: int | None, wait: float, *, new_words: bool = False) -> list[JSON]:
        """The next updates as Telegram wrote them, oldest first; waits `wait` seconds for some if there are none.

        `new_words`: of what happens from now on Telegram is to keep only what is newly said.

        Unparsed, because one update that the library cannot read must not stop all the others: so it goes past the
        library's own method. Telegram counts whole seconds, and may refuse others.
        """
        asked: JSON = {"timeout": int(wait), "limit": BATCH, "allowed_updates": NEW_WORDS if new_words else UPDATES}
        if offset is not None:
            asked["offset"] = offset
        found: list[JSON] = await self._polling._post("getUpdates", asked, read_timeout=wait + READ)
        return found

    async def close(self) -> None:
        """Close all connections."""
        for request in self._requests:
            await request.shutdown()
