"""Debriefs that are not told: asked for again, and in the end the manager hears. Never while somebody drives."""

from dataclasses import replace
from uuid import UUID

from safety_service.actions import debriefs as own
from safety_service.actions.apart import by_itself
from safety_service.actions.debrief_asking import about, chased
from safety_service.actions.debrief_urgent import log as keep_in_log
from safety_service.actions.debrief_urgent import tell_managers
from safety_service.actions.telling import Priority, tell
from safety_service.domain.debrief import Chase
from safety_service.domain.words import Phase
from safety_service.store import debriefs, visits
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief


async def sweep_debriefs(tx: Tx, limit: int) -> int:
    """Chase what is due: each in a savepoint, so that one that fails stops no other. Gives how many were looked at."""
    due = await debriefs.due(tx, limit)
    for row in due:
        if not await by_itself(tx, _chase(tx, row), f"a debrief could not be chased: {row.id}"):
            await debriefs.put_off(tx, row.id, tx.now + own.NOT_NOW)
    return len(due)


async def _chase(tx: Tx, row: Debrief) -> None:
    if row.first_part_at is None and "met" in row.answers and own.ready(row.answers):
        # Left in the middle of part A: what was met does not wait for the rest of it.
        row = await own.first_part(tx, row, by_clock=True)
        if row.next_at is None or row.next_at > tx.now:
            return
    if row.stage == Chase.MANAGER:
        await _tell_managers(tx, row)
        return
    if await _busy(tx, row.worker_id):
        await debriefs.put_off(tx, row.id, tx.now + own.NOT_NOW)
        return
    rest = row.first_part_at is not None
    await tell(
        tx,
        [row.worker_id],
        "debrief.rest" if rest else "debrief.remind",
        {**await about(tx, row), **({"page": own.page_of(row)} if rest else {})},
        priority=Priority.ROUTINE,
        visit_id=row.visit_id,
        dedupe=f"debrief:{row.id}:{'rest:' if rest else ''}{row.stage}",
    )
    done = None if row.stage is None else Chase(row.stage)
    await debriefs.save(tx, await chased(tx, row, after=done))


async def _tell_managers(tx: Tx, row: Debrief) -> None:
    template = "debrief.overdue" if row.first_part_at is None else "debrief.rest_overdue"
    await tell_managers(tx, row, template, Priority.NEWS)
    await debriefs.save(tx, replace(row, next_at=None, stage=None))
    await keep_in_log(tx, row, "debrief_overdue", by_clock=True)


async def _busy(tx: Tx, worker_id: UUID) -> bool:
    """Inside, or on the way home: perhaps driving."""
    live = await visits.live_of_worker(tx, worker_id)
    return any(each.visit.watch(worker_id).phase in (Phase.INSIDE, Phase.HOME) for each in live)
