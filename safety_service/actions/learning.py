"""What follows from a debrief: each part of the learning loop takes from it what is its own, in one transaction."""

from collections.abc import Awaitable, Callable

from safety_service.actions import debrief_follow, fact_reviews, partners, proposals, reviews, undertakings, warning
from safety_service.actions.given import Given
from safety_service.store import plans
from safety_service.store.database import Tx

#: Called in this order, once part A is given, and again when the whole is.
FOLLOWS: tuple[Callable[[Tx, Given], Awaitable[None]], ...] = (
    debrief_follow.record,
    debrief_follow.open_items,
    warning.follow,
    undertakings.follow,
    reviews.file_and_index,
    fact_reviews.set_reviews,
    partners.follow,
    proposals.propose,
)


async def follow(tx: Tx, given: Given) -> None:
    """Do everything that follows from it. An error undoes the word that gave it: nothing follows by half.

    One debrief of a family at a time: what two workers tell of one visit is then known once.
    """
    await plans.lock_family(tx, given.visit.family_id)
    for each in FOLLOWS:
        await each(tx, given)
