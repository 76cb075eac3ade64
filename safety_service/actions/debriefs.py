"""The first debrief prompt: asked when a worker is out, answered in the chat, chased until it is given."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.domain.debrief import Chase, next_chase, timetable
from safety_service.store import agencies, debriefs
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.ids import new_id


async def start(tx: Tx, agency_id: UUID, visit_id: UUID, worker_id: UUID) -> None:
    """The worker is out: from now on their debrief is wanted, and chased. A second call changes nothing."""
    if await debriefs.of_visit(tx, visit_id, worker_id) is not None:
        return
    fresh = Debrief(
        id=new_id(),
        agency_id=agency_id,
        visit_id=visit_id,
        worker_id=worker_id,
        answers={},
        asked_at=tx.now,
        next_at=None,
        stage=None,
    )
    await debriefs.add(tx, await _chased(tx, fresh))


async def _chased(tx: Tx, row: Debrief, *, after: Chase | None = None) -> Debrief:
    agency = await agencies.get(tx, row.agency_id)
    policy = (await tx.policy()).debrief
    fine = row.answers.get("mood") not in ("off", "bad")
    times = timetable(row.asked_at, fine=fine, zone=ZoneInfo(agency.timezone), policy=policy)
    following = next_chase(times, tx.now, after=after)
    if following is None:
        return replace(row, stage=None, next_at=None)
    return replace(row, stage=str(following[0]), next_at=following[1])
