"""Ids: UUIDv7, so that rows made later sort later."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new id, greater than every one this process made before."""
    return uuid7()
