"""Owning up: when the watch was not kept, everybody concerned is told so (P7).

That the gap was, whom it concerns, and the word to managers and administrators are one transaction. The workers may be
thousands, and so may be those who were told of alerts: what they are owed is kept with it, and told in batches, so that
neither words nor the sweep wait for the last of them and a process that is killed in the middle goes on where it was.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from safety_service.actions import gap_telling, scene
from safety_service.actions.apart import by_itself
from safety_service.actions.gap_telling import Cause, Gap
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.ladder import EVERYONE
from safety_service.store import events, heard, stamps, watched
from safety_service.store.database import Tx
from safety_service.store.watched import Watched

#: Name of the stamp that keeps whom still to tell, of which gap.
OWED = "gap_owed"

#: Tells people of a gap.
Telling = Callable[[Tx, Collection[UUID], Gap], Awaitable[None]]
#: Who is owed it, in this order, and what they are told: what did not climb may have to be taken now.
_TELLING: dict[str, Telling] = {"alerted": gap_telling.those_with_alerts, "workers": gap_telling.workers}

__all__ = ["OWED", "Cause", "own_up", "tell_owed"]


async def own_up(tx: Tx, since: datetime, until: datetime, cause: Cause) -> int:
    """Record that nobody was watched between these moments; tell managers and administrators now, and owe it to each
    worker and to whoever was told of an alert. Whom it cannot tell keeps nobody unwatched. Gives how many were watched.
    """
    since, until = sorted((since, until))
    gap = Gap(since, until, cause)
    concerned: dict[UUID, list[Watched]] = defaultdict(list)
    for each in await watched.out_there(tx):
        concerned[each.agency_id].append(each)
    await events.log(tx, agency_id=None, actor_id=None, verb="not_watched", subject="service", details=gap.kept)
    for agency_id, out_there in concerned.items():
        await by_itself(
            tx, _tell_managers(tx, agency_id, out_there, gap), f"an agency's managers of a gap: {agency_id}"
        )
    await by_itself(tx, gap_telling.administrators(tx, gap), "administrators of a gap")
    workers = {str(each.worker_id) for out_there in concerned.values() for each in out_there}
    alerted = [str(each) for each in await heard.everyone(tx)]
    owed = {**gap.kept, "alerted": alerted, "workers": sorted(workers)}
    await stamps.stamp(tx, OWED, {"gaps": [*await _owed(tx), owed]})
    return sum(len(each) for each in concerned.values())


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


async def _tell_managers(tx: Tx, agency_id: UUID, out_there: Collection[Watched], gap: Gap) -> None:
    workers = {each.worker_id for each in out_there}
    teams = {each.team_id for each in out_there}
    present = await scene.present_for(tx, agency_id, sorted(teams), frozenset(), None)
    managers = present.get("manager_on_duty") or present[EVERYONE]
    counted = {**gap.params, "count": len(workers)}
    template = "gap.lost_manager" if gap.lost else "gap.manager"
    await tell(tx, managers, template, counted, priority=Priority.QUESTION, dedupe=f"gap:{iso(gap.until)}:manager")
    await events.log(
        tx,
        agency_id=agency_id,
        actor_id=None,
        verb="not_watched",
        subject="agency",
        subject_id=agency_id,
        details={**gap.kept, "count": len(workers), "workers": sorted(str(each) for each in workers)},
    )
