"""While nothing can be kept nobody is watched, and nothing can be put into the outbox to say so: whom to tell at once.

Only reads. What is made here is handed to the channels as it is; that it was is written down nowhere.
"""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from safety_service.actions import scene
from safety_service.actions.telling import Priority, iso
from safety_service.domain.ladder import EVERYONE
from safety_service.domain.words import Role
from safety_service.store import agencies, channels, people, roles, watched
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.outbox import Outgoing
from safety_service.store.watched import Watched


async def messages(tx: Tx, since: datetime) -> list[Outgoing]:
    """For the managers on duty of whoever is out there, and for every administrator, by each channel that they have."""
    out_there: dict[UUID, list[Watched]] = defaultdict(list)
    for each in await watched.out_there(tx):
        out_there[each.agency_id].append(each)
    found: list[Outgoing] = []
    for agency in await agencies.every(tx):
        found += await _of_agency(tx, agency, out_there[agency.id], since)
    return found


async def _of_agency(tx: Tx, agency: Agency, out_there: list[Watched], since: datetime) -> list[Outgoing]:
    whom = await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=agency.id)
    if out_there:
        present = await scene.present_for(
            tx, agency.id, sorted({each.team_id for each in out_there}), frozenset(), None
        )
        whom |= present.get("manager_on_duty") or present[EVERYONE]
    params = {"from": iso(since), "count": len({each.worker_id for each in out_there})}
    ways = await channels.live_many(tx, whom)
    known = await people.many(tx, [each for each, live in ways.items() if live])
    return [
        Outgoing(
            id=new_id(),
            agency_id=agency.id,
            person_id=person_id,
            channel_id=way.id,
            channel=way.kind,
            address=way.address,
            priority=Priority.ALARM,
            template="gap.unkept",
            params=params,
            created_at=tx.now,
        )
        for person_id in known
        for way in ways[person_id]
        if way.kind != "telegram" or agency.telegram_allowed
    ]
