"""The test's side of Telegram when the server runs as its own process.

The names are those of `Stage`, `Phone`, `Group` and `Fault`; everything is awaited, also what is an attribute there:
`await telegram.hold()`, `await phone.says("OK")`, `screen = await phone.screen()`, `await fault.lift()`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import aiohttp

from .codec import MARK, decode, encode
from .records import NotSeen, NotThere
from .wire import JSON

ERRORS: dict[str, type[Exception]] = {
    "NotSeen": NotSeen,
    "NotThere": NotThere,
    "AssertionError": AssertionError,
    "KeyError": LookupError,
    "ValueError": ValueError,
    "TypeError": TypeError,
}


class Link:
    """The connection to the control interface."""

    def __init__(self, root_url: str) -> None:
        self.root_url = root_url
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))

    async def do(self, target: str, action: str, args: tuple[Any, ...], kwargs: JSON) -> Any:
        """Have something done and return what came of it, or raise what it raised."""
        body = {"args": encode(list(args), handle), "kwargs": encode(kwargs, handle)}
        async with self.session.post(f"{self.root_url}/control/{target}/{action}", json=body) as response:
            answer: JSON = await response.json()
        if error := answer.get("error"):
            raise ERRORS.get(error["type"], RuntimeError)(error["message"])
        return decode(answer["result"], self._revive)

    def _revive(self, name: JSON) -> Remote:
        return Remote(self, f"{name[MARK]}:{name['key']}", name)


class Remote:
    """Something in the other process: its methods and attributes are awaited here."""

    def __init__(self, link: Link, target: str, name: JSON) -> None:
        self.link = link
        self.target = target
        self.known = name

    @property
    def chat_id(self) -> int:
        """The number of the chat, of a phone or group, when it was made."""
        return int(self.known["chat_id"])

    def __getattr__(self, action: str) -> Callable[..., Awaitable[Any]]:
        if action.startswith("_"):
            raise AttributeError(action)

        async def do(*args: Any, **kwargs: Any) -> Any:
            return await self.link.do(self.target, action, args, kwargs)

        return do


class RemoteTelegram(Remote):
    """A server in another process: `async with RemoteTelegram("http://127.0.0.1:9000") as telegram:`."""

    def __init__(self, root_url: str) -> None:
        super().__init__(Link(root_url), "telegram", {})
        self.root_url = root_url
        self.base_url = f"{root_url}/bot"
        self.base_file_url = f"{root_url}/file/bot"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.link.session.close()


def handle(value: Any) -> JSON | None:
    """Return the name of something in the other process."""
    if isinstance(value, Remote):
        kind, _, key = value.target.partition(":")
        return {MARK: kind, "key": key}
    return None
