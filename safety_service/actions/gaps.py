"""Owning up: when the watch was not kept, everybody concerned is told so (P7).

That the gap was, whom it concerns, and the word to managers and administrators are one transaction. The workers may be
thousands: what they are owed is kept with it, and told in batches, so that neither words nor the sweep wait for the
last of them and a process that is killed in the middle goes on where it was.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from safety_service.actions import gap_telling, scene
from safety_service.actions.apart import by_itself
from safety_service.actions.gap_telling import Cause, Gap
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.ladder import EVERYONE
from safety_service.store import events, stamps, watched
from safety_service.store.database import Tx
from safety_service.store.watched import Watched

#: Name of the stamp that keeps whom still to tell, of which gap.
OWED = "gap_owed"

__all__ = ["OWED", "Cause", "own_up", "tell_owed"]


async def own_up(tx: Tx, since: datetime, until: datetime, cause: Cause) -> int:
    """Record that nobody was watched between these moments; tell managers and administrators now, and owe it to each
    worker. Whom it cannot tell keeps nobody unwatched. Gives how many people were watched.
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
    await by_itself(tx, gap_telling.those_with_alerts(tx, gap), "whoever was told of an alert of a gap")
    await by_itself(tx, gap_telling.administrators(tx, gap), "administrators of a gap")
    workers = {str(each.worker_id) for out_there in concerned.values() for each in out_there}
    owed = {**gap.kept, "workers": sorted(workers)}
    await stamps.stamp(tx, OWED, {"gaps": [*await _owed(tx), owed]})
    return sum(len(each) for each in concerned.values())


async def tell_owed(tx: Tx, limit: int) -> int:
    """Tell the next so many workers of the gap in which nobody watched them. Gives how many; 0 when all have heard."""
    gaps = [each for each in await _owed(tx) if each["workers"]]
    if not gaps:
        return 0
    first, *others = gaps
    now, later = first["workers"][:limit], first["workers"][limit:]
    if not await by_itself(tx, gap_telling.workers(tx, [UUID(each) for each in now], Gap.of(first)), "many of a gap"):
        for each in now:
            await by_itself(tx, gap_telling.workers(tx, [UUID(each)], Gap.of(first)), f"a worker of a gap: {each}")
    await stamps.stamp(tx, OWED, {"gaps": [{**first, "workers": later}, *others]})
    return len(now)


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
