"""What has been kept for as long as policy says is removed, rule by rule; that it was is kept, for each agency."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions.apart import by_itself
from safety_service.store import events, retention, stamps
from safety_service.store.database import Tx
from safety_service.store.retention import RULES, Old, Rule

log = logging.getLogger(__name__)


#: What is removed cannot be called back: a clock that went wrong, or a copy that was put back, has this long to be
#: noticed. It begins anew when the service was away for longer than that, or the clock went back.
WAITS, AWAY = timedelta(days=1), timedelta(hours=6)
_STAMP = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a rule would remove now: `counts` by agency (None: nobody's)."""

    name: str
    lasts: timedelta
    before: datetime
    counts: dict[UUID | None, int]

    @property
    def total(self) -> int:
        """Of all agencies."""
        return sum(self.counts.values())


async def settled(tx: Tx) -> bool:
    """Whether the clock has gone on evenly for long enough for anything to be removed by it; asked once an hour."""
    before = await stamps.last(tx, _STAMP)
    evenly = before is not None and timedelta() <= tx.now - before.at <= AWAY
    since = datetime.fromisoformat(before.info["since"]) if before is not None and evenly else tx.now
    await stamps.stamp(tx, _STAMP, {"since": since.isoformat()})
    return tx.now - since >= WAITS


async def remove_old(tx: Tx) -> dict[str, int]:
    """A batch of every rule in one transaction: for what runs by hand. Gives how many of each."""
    return {rule.name: await remove(tx, rule, await old(tx, rule)) for rule in RULES}


async def old(tx: Tx, rule: Rule) -> list[UUID]:
    """What this rule would remove now, a batch of it. It only reads: nobody who writes has to wait for it."""
    return [each.id for each in await retention.found(tx, rule, await _before(tx, rule), rule.at_once)]


async def remove(tx: Tx, rule: Rule, ids: Sequence[UUID]) -> int:
    """Remove of these what is neither held nor open now, and keep how many that were."""
    if not ids:
        return 0
    before = await _before(tx, rule)
    there = await retention.still(tx, rule, before, ids)
    size = 1 if rule.one_by_one else len(there)
    gone: list[Old] = []
    for start in range(0, len(there), max(size, 1)):
        batch = there[start : start + size]
        work = rule.remove(tx, [each.id for each in batch])
        if await by_itself(tx, work, f"retention could not remove {rule.name}: {batch[0].id}"):
            gone += batch
    await _keep(tx, rule, before, gone)
    return len(gone)


async def due(tx: Tx) -> list[Due]:
    """What every rule would remove now. Nothing is changed."""
    policy = (await tx.policy()).retention
    found: list[Due] = []
    for rule in RULES:
        before = await _before(tx, rule)
        counts = await retention.count(tx, rule, before)
        found.append(Due(name=rule.name, lasts=getattr(policy, rule.lasts), before=before, counts=counts))
    return found


async def _before(tx: Tx, rule: Rule) -> datetime:
    lasts: timedelta = getattr((await tx.policy()).retention, rule.lasts)
    return tx.now - lasts


async def _keep(tx: Tx, rule: Rule, before: datetime, gone: Sequence[Old]) -> None:
    """How many went, from before which moment; of the evidence log itself also the first and the last entry."""
    counted = Counter(each.agency_id for each in gone)
    for agency_id, count in counted.items():
        ids = sorted(each.id for each in gone if each.agency_id == agency_id)
        details = {"count": count, "via": "retention", "before": before.isoformat()}
        if rule.name == "evidence":
            details |= {"first": str(ids[0]), "last": str(ids[-1])}
        await events.log(tx, agency_id=agency_id, actor_id=None, verb="removed", subject=rule.name, details=details)
