"""Owning up: when the watch was not kept, everybody concerned is told so (P7).

That the gap was, and whom it concerns, is one transaction. Those may be thousands: workers, who was told of alerts, the
managers and administrators of hundreds of agencies. What they are owed is kept with it, and told in batches, so that
neither words nor the sweep wait for the last of them and a process that is killed in the middle goes on where it was.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from safety_service.actions import gap_telling
from safety_service.actions.apart import by_itself
from safety_service.actions.gap_telling import Cause, Gap
from safety_service.store import agencies, events, heard, stamps, watched
from safety_service.store.database import Tx
from safety_service.store.events import Entry
from safety_service.store.watched import Watched

#: Name of the stamp that keeps whom still to tell, of which gap.
OWED = "gap_owed"

#: Tells people of a gap.
Telling = Callable[[Tx, Collection[UUID], Gap], Awaitable[None]]
#: Who is owed it, in this order, and what they are told: what did not climb may have to be taken now. Managers and
#: administrators by their agencies.
_TELLING: dict[str, Telling] = {
    "alerted": gap_telling.those_with_alerts,
    "managers": gap_telling.managers,
    "workers": gap_telling.workers,
    "administrators": gap_telling.administrators,
}

__all__ = ["OWED", "Cause", "own_up", "tell_owed"]


async def own_up(tx: Tx, since: datetime, until: datetime, cause: Cause) -> int:
    """Record that nobody was watched between these moments, and owe it to everybody concerned. Gives how many were
    watched.
    """
    since, until = sorted((since, until))
    gap = Gap(since, until, cause)
    concerned: dict[UUID, list[Watched]] = defaultdict(list)
    for each in await watched.out_there(tx):
        concerned[each.agency_id].append(each)
    whole = Entry(agency_id=None, actor_id=None, verb="not_watched", subject="service", details=gap.kept)
    await events.log_all(tx, [whole, *(_of_agency(gap, *each) for each in concerned.items())])
    owed = {
        **gap.kept,
        "out_there": {str(agency_id): _out_there(those) for agency_id, those in concerned.items()},
        "alerted": [str(each) for each in await heard.everyone(tx)],
        "managers": [str(each) for each in concerned],
        "workers": sorted({str(each.worker_id) for those in concerned.values() for each in those}),
        "administrators": [str(each.id) for each in await agencies.every(tx)],
    }
    await stamps.stamp(tx, OWED, {"gaps": [*await _owed(tx), owed]})
    return sum(len(each) for each in concerned.values())


def _of_agency(gap: Gap, agency_id: UUID, those: Collection[Watched]) -> Entry:
    workers = sorted({str(each.worker_id) for each in those})
    return Entry(
        agency_id=agency_id,
        actor_id=None,
        verb="not_watched",
        subject="agency",
        subject_id=agency_id,
        details={**gap.kept, "count": len(workers), "workers": workers},
    )


def _out_there(those: Collection[Watched]) -> dict[str, Any]:
    teams = sorted({str(each.team_id) for each in those})
    return {"count": len({each.worker_id for each in those}), "teams": teams}


async def tell_owed(tx: Tx, limit: int) -> int:
    """Tell the next so many of whoever is owed a word of a gap. Gives how many; 0 when all have heard."""
    gaps = await _owed(tx)
    for at, owed in enumerate(gaps):
        for whom, telling in _TELLING.items():
            # An earlier version owed it to workers only.
            if waiting := [UUID(each) for each in owed.get(whom, ())]:
                await _tell(tx, telling, waiting[:limit], Gap.of(owed))
                later = {**owed, whom: [str(each) for each in waiting[limit:]]}
                await stamps.stamp(tx, OWED, {"gaps": [later, *gaps[at + 1 :]]})
                return len(waiting[:limit])
    return 0


async def _tell(tx: Tx, telling: Telling, now: Collection[UUID], gap: Gap) -> None:
    if not await by_itself(tx, telling(tx, now, gap), "many of a gap"):
        for each in now:
            await by_itself(tx, telling(tx, [each], gap), f"somebody of a gap: {each}")


async def _owed(tx: Tx) -> list[dict[str, Any]]:
    kept = await stamps.last(tx, OWED)
    return [] if kept is None else list(kept.info["gaps"])
