"""The methods of the Bot API, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .params import Params
from .wire import ApiError
from .world import World

Handler = Callable[[World, Params], Any]


class Methods:
    """A table of methods; only exact names are found. Telegram minds no case, but servers like it do."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self.names: list[str] = []

    def __call__(self, *names: str) -> Callable[[Handler], Handler]:
        """Register a handler for these names."""

        def register(handler: Handler) -> Handler:
            for name in names:
                self._handlers[name] = handler
                self.names.append(name)
            return handler

        return register

    async def perform(self, world: World, name: str, params: Params) -> Any:
        """Do what a call asks for and return its result."""
        handler = self._handlers.get(name)
        if handler is None:
            raise ApiError(404, "Not Found: method not found")
        result = handler(world, params)
        return await result if inspect.isawaitable(result) else result


method = Methods()
