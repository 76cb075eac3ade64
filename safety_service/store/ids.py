"""Ids: UUIDv7, so that rows made later sort later."""

from collections.abc import Callable
from uuid import UUID

from uuid_utils.compat import uuid7


class _Process:
    make: Callable[[], UUID] = staticmethod(uuid7)


def new_id() -> UUID:
    """A new id, greater than every one this process made before."""
    return _Process.make()


def made_by(make: Callable[[], UUID] = uuid7) -> None:
    """From now on ids come from here: a simulation makes the same ones each time. Without `make`, as ever."""
    _Process.make = staticmethod(make)
