"""What was met at a family, month by month, beside how many visits were told of and when its plan changed."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import behaviours, circle, families
from safety_service.actions.actor import Actor
from safety_service.actions.families import Family
from safety_service.domain.trend import Line
from safety_service.domain.words import Role
from safety_service.store import behaviours as met
from safety_service.store import exclusions, people, plan_history, told_visits
from safety_service.store.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTime:
    """All of it. `told`: by month (YYYY-MM), how many visits were told of; `plans`: the number of each version by the
    day on which it was made."""

    family: Family
    lines: tuple[Line, ...]
    told: dict[str, int]
    plans: tuple[tuple[date, int], ...]
    today: date


async def of_family(tx: Tx, actor: Actor, ref: str) -> OverTime:
    """The picture. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "behaviours")
    zone = await circle.zone_of(tx, actor.agency_id)
    told = await told_visits.of_family(tx, family.id)
    versions = await plan_history.made_on(tx, family.id)
    return OverTime(
        family=family,
        lines=tuple(await behaviours.met_at(tx, family.row.agency_id, family.id)),
        told=dict(Counter(f"{at.astimezone(zone):%Y-%m}" for _, at in told)),
        plans=tuple((at.astimezone(zone).date(), number) for number, at in versions),
        today=tx.now.astimezone(zone).date(),
    )


@dataclass(frozen=True, slots=True)
class Visited:
    """Somebody of us who went there, and what they met: which behaviours, never how often."""

    name: str
    met: tuple[str, ...]


async def who_met(tx: Tx, actor: Actor, family: Family, since: date) -> list[Visited]:
    """Those who told of visits since then, by name, each with what they met: who meets it, and who does not.

    For its managers and reviewers, for anybody else none; nobody whom the actor is kept off. For whoever has been let
    see the family already.
    """
    if actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(family.teams):
        return []
    zone = await circle.zone_of(tx, actor.agency_id)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    went = {who for who, at in await told_visits.of_family(tx, family.id) if _since(at, zone, since)} - kept_off.workers
    guidance = (await tx.guidance(actor.agency_id)).guidance
    found: dict[UUID, dict[str, str]] = {each: {} for each in went}
    for each in await met.of_family(tx, family.id):
        if each.on >= since and each.worker_id in found:
            found[each.worker_id][each.kind] = guidance.says("behaviours", each.kind)
    names = await people.many(tx, went)
    seen = [Visited(names[who].name, tuple(sorted(kinds.values()))) for who, kinds in found.items() if who in names]
    return sorted(seen, key=lambda one: one.name)


def _since(at: datetime, zone: ZoneInfo, day: date) -> bool:
    return at.astimezone(zone).date() >= day
