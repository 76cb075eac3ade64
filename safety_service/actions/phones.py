"""Whose phone a number is: only one that its owner has proven, and that still speaks for them."""

from collections.abc import Sequence
from uuid import UUID

from safety_service.domain.addresses import phone
from safety_service.domain.contact import BadContact
from safety_service.store import channels
from safety_service.store.database import Tx


async def whose(tx: Tx, typed: str, kinds: Sequence[str]) -> tuple[UUID, str] | None:
    """The owner of this number and the number as it is kept, by the first of these kinds that knows it."""
    try:
        number = phone(typed)
    except BadContact:
        return None
    for kind in kinds:
        channel = await channels.by_address(tx, kind, number)
        if channel is not None and channel.state == "active":
            return channel.person_id, number
    return None
