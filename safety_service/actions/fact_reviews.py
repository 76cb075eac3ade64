"""Looking at risk facts again: each has its day, and somebody is asked on it."""

from uuid import UUID

from safety_service.actions import circle, families
from safety_service.actions.apart import by_itself
from safety_service.actions.given import Given
from safety_service.actions.telling import Priority, tell
from safety_service.store import events, risk_facts
from safety_service.store import families as rows
from safety_service.store.database import Tx
from safety_service.store.risk_facts import Due


async def set_reviews(tx: Tx, given: Given) -> None:
    """Facts that a debrief made are looked at again like every other."""
    today = await circle.today(tx, given.visit.agency_id)
    await risk_facts.review_new(tx, given.debrief.id, today + (await tx.policy()).family.fact_review)


async def chase_facts(tx: Tx, limit: int) -> int:
    """Ask the managers of each family to look at its facts again, never at night. Gives how many facts were due."""
    if tx.now.time() < circle.MORNING:
        return 0
    due = await risk_facts.due(tx, tx.now.date(), limit)
    again = tx.now.date() + (await tx.policy()).family.chase_again
    for family_id in dict.fromkeys(row.family_id for row in due):
        mine = [row for row in due if row.family_id == family_id]
        await by_itself(tx, _ask_to_review(tx, family_id, mine), f"facts could not be asked after: {family_id}")
        for row in mine:
            await risk_facts.review(tx, row.id, again)
    return len(due)


async def _ask_to_review(tx: Tx, family_id: UUID, due: list[Due]) -> None:
    family = await rows.by_id(tx, family_id)
    params = {"ref": family.ref, "count": len(due), "page": families.page_of(family.ref)}
    await tell(tx, await families.to_ask(tx, family), "facts.review", params, priority=Priority.ROUTINE)
    await events.log(
        tx,
        agency_id=family.agency_id,
        actor_id=None,
        verb="facts_asked_after",
        subject="family",
        subject_id=family_id,
        details={"facts": [str(row.id) for row in due]},
    )
