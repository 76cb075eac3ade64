"""Owning up: when the watch was not kept, everybody concerned is told so (P7)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from safety_service.actions import scene
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.ladder import EVERYONE
from safety_service.store import events, watched
from safety_service.store.database import Tx
from safety_service.store.watched import Watched


async def own_up(tx: Tx, since: datetime, until: datetime, cause: str) -> int:
    """Record that nobody was watched between these moments, and tell everybody concerned, once for each agency.

    `cause`: `not_watching` (down, no database, suspended) or `clock` (it was set). Gives how many people were watched.
    """
    since, until = sorted((since, until))
    concerned: dict[UUID, list[Watched]] = defaultdict(list)
    for each in await watched.out_there(tx):
        concerned[each.agency_id].append(each)
    details = {"from": iso(since), "until": iso(until), "cause": cause}
    await events.log(tx, agency_id=None, actor_id=None, verb="not_watched", subject="service", details=details)
    for agency_id, out_there in concerned.items():
        await _tell_agency(tx, agency_id, out_there, since, until)
    return sum(len(each) for each in concerned.values())


async def _tell_agency(
    tx: Tx, agency_id: UUID, out_there: Collection[Watched], since: datetime, until: datetime
) -> None:
    workers = {each.worker_id for each in out_there}
    teams = {each.team_id for each in out_there}
    present = await scene.present_for(tx, agency_id, sorted(teams), frozenset(), None)
    managers = present.get("manager_on_duty") or present[EVERYONE]
    params = {"from": iso(since), "until": iso(until)}
    once = f"gap:{iso(until)}"
    await tell(tx, workers, "gap.worker", params, priority=Priority.QUESTION, dedupe=f"{once}:worker")
    counted = {**params, "count": len(workers)}
    await tell(tx, managers, "gap.manager", counted, priority=Priority.QUESTION, dedupe=f"{once}:manager")
    await events.log(
        tx,
        agency_id=agency_id,
        actor_id=None,
        verb="not_watched",
        subject="agency",
        subject_id=agency_id,
        details={**counted, "workers": sorted(str(each) for each in workers)},
    )
