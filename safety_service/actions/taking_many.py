"""I have all of these: each alert of one message is taken by itself, and somebody else's stays theirs."""

from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import alerts as handling
from safety_service.actions import refusals
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.store import alerts, bundles
from safety_service.store.database import Tx

#: As many at one press: what one person may mean, and one transaction may hold.
AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Taken:
    """The numbers of what is the actor's now, of what others have, and how many are still nobody's."""

    mine: tuple[int, ...]
    others: tuple[int, ...]
    left: int


async def take_all(tx: Tx, actor: Actor, bundle_id: UUID) -> Taken:
    """Take what is free of one message's alerts, the oldest first; what is closed is left out. Raises NotFound."""
    ids = await bundles.alerts_in(tx, actor.person_id, bundle_id)
    if not ids:
        raise NotFound
    mine: list[int] = []
    others: list[int] = []
    left = 0
    for each in ids:
        if len(mine) >= AT_ONCE:
            row = await alerts.load(tx, each)
            left += row is not None and row.alert.open and row.alert.owner_id is None
            continue
        try:
            async with tx.savepoint():
                mine.append((await handling.take(tx, actor, each)).alert.number)
        except (Refused, NotFound) as why:
            await refusals.note(tx, actor, "take", why, subject="alert", subject_id=each)
            row = await alerts.load(tx, each)
            if row is not None and isinstance(why, Refused) and why.code == "taken_already":
                others.append(row.alert.number)
    return Taken(tuple(mine), tuple(others), left)
