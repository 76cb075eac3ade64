"""Faults to order: what shall go wrong, for which calls, and how often."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal, get_args

from .bell import Bell

Kind = Literal[
    "too_many_requests",  # 429 with retry_after; not taken
    "blocked",  # 403 "bot was blocked by the user"; not taken
    "server_error",  # `status` with an HTML page, as a proxy would; not taken
    "cut_before",  # connection closed, not taken
    "cut_after",  # taken, then the connection closed without an answer
    "delay",  # taken and answered after `seconds`, or sooner when lifted
    "hang_before",  # nothing until lifted; taken then, if the caller is still there
    "hang_after",  # taken at once, answered when lifted
    "garbage",  # taken, answered with 200 and something that is not JSON
    "not_known",  # 404, as a server that knows no such method; not taken
    "not_known_softly",  # the same with 200 around it
    "true",  # taken, answered with true and nothing else
    "empty",  # taken, answered with a result of which nothing is told
    "bare",  # taken, answered with 200 and an empty object
]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(eq=False)
class Fault:
    """One ordered fault."""

    number: int
    kind: Kind
    method: str | None = None
    chat: int | None = None
    times: int | None = None
    retry_after: int = 1
    status: int = 502
    seconds: float = 0.0
    hits: int = 0
    lifted: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def fits(self, method: str, chat: int | None) -> bool:
        """Say whether it applies to a call."""
        if self.lifted.is_set() or (self.times is not None and self.hits >= self.times):
            return False
        return self.method in (None, method) and self.chat in (None, chat)

    def lift(self) -> None:
        """End it, and let go on what hangs in it."""
        self.lifted.set()


class FaultBook:
    """All faults that were ordered; of those which fit a call, the oldest is applied."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._faults: dict[int, Fault] = {}

    def order(
        self,
        kind: Kind,
        *,
        method: str | None = None,
        chat: int | None = None,
        times: int | None = None,
        retry_after: int = 1,
        status: int = 502,
        seconds: float = 0.0,
    ) -> Fault:
        """Order a fault; without `times` it stays until it is lifted."""
        if kind not in KINDS:
            raise ValueError(f"No such fault: {kind}. There are {', '.join(KINDS)}.")
        number = len(self._faults) + 1
        fault = self._faults[number] = Fault(number, kind, method, chat, times, retry_after, status, seconds)
        return fault

    def take(self, method: str, chat: int | None) -> Fault | None:
        """Return the fault for a call and count it, or None."""
        fault = next((fault for fault in self._faults.values() if fault.fits(method, chat)), None)
        if fault is not None:
            fault.hits += 1
            self._bell.ring()
        return fault

    def get(self, number: int) -> Fault:
        """Return a fault by its number."""
        return self._faults[number]

    def lift_all(self) -> None:
        """End every fault."""
        for fault in self._faults.values():
            fault.lift()
