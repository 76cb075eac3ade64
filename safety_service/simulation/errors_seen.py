"""What the service logs as an error: those that the simulation made are expected; any other is a fault."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING

from safety_service.simulation.faults import Crash, Meant
from safety_service.store.errors import DatabaseAway, KeysDoNotOpen, TryAgain

if TYPE_CHECKING:
    from safety_service.simulation.world import World

EXPECTED = (Crash, Meant, KeysDoNotOpen, DatabaseAway, TryAgain)


class ErrorsSeen(logging.Handler):
    """Within it, an error that nobody meant breaks the day."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """The service logged an error."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not _expected(error):
            self._world.observer.broken("the service", f"{record.getMessage()}: {error!r}")

    def __enter__(self) -> ErrorsSeen:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        logging.getLogger().removeHandler(self)


def _expected(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, EXPECTED):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
