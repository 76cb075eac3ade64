"""By which of their channels people are reached now: the rule, with the clock of each person's agency."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.policy_reaching import NightPolicy
from safety_service.domain.reaching import CHATS, Urgency, is_night, ways
from safety_service.store import agencies, stamps
from safety_service.store.batch import foreseen
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.people import Person

log = logging.getLogger(__name__)

#: The stamp that says for which kinds of channel there is a provider: `{"kinds": […]}`.
PROVIDERS = "providers"
#: Each person's channels.
Ways = Mapping[UUID, tuple[Channel, ...]]


async def that_carry(tx: Tx, reachable: Ways, known: Mapping[UUID, Person], urgency: Urgency) -> Ways:
    """Of each known person's channels those that carry it now; by night there are more of them.

    What has no provider any more carries nothing: nobody would wait for it in vain.
    """
    policy = (await tx.policy()).night
    there = await providers(tx)
    nights = {each: await _is_night(tx, each, policy) for each in {person.agency_id for person in known.values()}}
    found: dict[UUID, tuple[Channel, ...]] = {}
    for person_id, person in known.items():
        here = replace(urgency, night=nights[person.agency_id])
        have = [each.kind for each in reachable[person_id] if each.kind in CHATS or there is None or each.kind in there]
        kinds = ways(have, here, policy.waking)
        found[person_id] = tuple(each for each in reachable[person_id] if each.kind in kinds)
    return found


@foreseen
async def providers(tx: Tx) -> frozenset[str] | None:
    """For which kinds of channel whoever sends has a provider; None: nothing was ever sent."""
    known = await stamps.last(tx, PROVIDERS)
    return None if known is None else frozenset(known.info["kinds"])


async def _is_night(tx: Tx, agency_id: UUID, policy: NightPolicy) -> bool:
    """Where nobody knows what time it is, people are woken."""
    name = (await agencies.get(tx, agency_id)).timezone
    try:
        return is_night(tx.now.astimezone(ZoneInfo(name)).time(), policy.hours)
    except (ZoneInfoNotFoundError, ValueError):
        log.critical("the time zone %s is not known here: people are woken", name)
        return True
