"""A manager's decision on a measure: always with a reason, never before or after their own visit, never undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from config.guidance import Demands
from safety_service.actions import circle, evidence, plans, proposals
from safety_service.actions.actor import Actor
from safety_service.actions.circle import Circle
from safety_service.actions.errors import NotFound
from safety_service.actions.telling import Priority, tell
from safety_service.domain.plan import Measure, MeasureDecision, decided, written
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions, measures, people
from safety_service.store import plans as versions
from safety_service.store.database import Tx
from safety_service.store.measures import Decision

#: What can be changed with a decision.
CHANGEABLE = frozenset({"says", "demands", "who", "worker_id", "from_on", "until_on"})
#: Which ready reasons fit which decision.
_READY = {MeasureDecision.ACCEPT: "accept", MeasureDecision.CHANGE: "accept", MeasureDecision.REFUSE: "refuse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a manager says. `reason`: a key of the guidance's ready reasons, or one's own words."""

    kind: MeasureDecision
    reason: str
    #: `says`, `demands` (as the guidance writes them), `who`, `worker_id`, `from_on`, `until_on`.
    changes: Mapping[str, Any] = field(default_factory=dict)


async def to_decide(tx: Tx, actor: Actor, measure_id: UUID) -> Measure:
    """A measure that the actor may decide. Raises NotFound; Refused `never_your_own`, `managers_only`."""
    found = await _known(tx, measure_id)
    await _may_decide(tx, actor, found)
    return found


async def _known(tx: Tx, measure_id: UUID, *, lock: bool = False) -> Measure:
    found = await measures.load(tx, measure_id, lock=lock)
    if found is None:
        raise NotFound
    return found


async def _may_decide(tx: Tx, actor: Actor, found: Measure) -> Circle:
    if found.agency_id != actor.agency_id:
        raise NotFound
    around = await circle.by_id(tx, actor, found.family_id)
    if actor.person_id in await exclusions.excluded_any(tx, await proposals.came_from(tx, found), found.family_id):
        raise NotFound
    if actor.person_id in await proposals.barred_from(tx, found):
        raise Refused("never_your_own")
    circle.managed(actor, around)
    return around


async def decide(tx: Tx, actor: Actor, measure_id: UUID, verdict: Verdict) -> Measure:
    """Keep a decision on a measure; what changes what holds makes a new version of the plan, at once.

    Raises NotFound; Refused: `never_your_own`, `managers_only`, `reason_wanted`, `measure_closed`, `demands_unknown` …
    """
    around = await _may_decide(tx, actor, await _known(tx, measure_id))
    await versions.lock_family(tx, around.family_id)
    before = await _known(tx, measure_id, lock=True)
    changes = await _changes(tx, actor, verdict)
    reason = await _reason(tx, actor, verdict)
    after = await _asked_again(tx, decided(before, verdict.kind, reason, changes))
    await measures.save(tx, after)
    kept = {name: _plain(value) for name, value in changes.items()} if changes else None
    made = Decision(kind=verdict.kind, reason=reason, by=actor.person_id, at=tx.now, changes=kept)
    await measures.add_decision(tx, measure_id, made)
    await evidence.keep(
        tx,
        actor,
        actor.agency_id,
        "decided",
        subject="measure",
        subject_id=measure_id,
        kind=verdict.kind,
        reason=reason,
        changes=kept,
    )
    if before.holds or after.holds:
        await plans.new_version(tx, around.family_id, cause="decision", why=reason, by=actor.person_id)
    await _tell_the_worker(tx, actor, around, after, made)
    return after


async def ready_reasons(tx: Tx, actor: Actor, kind: MeasureDecision) -> dict[str, str]:
    """Ready reasons that fit a decision, by key; none for one that ends a measure."""
    section = _READY.get(kind)
    if section is None:
        return {}
    entries = getattr((await tx.guidance(actor.agency_id)).guidance.ready, section)
    return {key: each.says for key, each in entries.items() if not each.off}


async def _reason(tx: Tx, actor: Actor, verdict: Verdict) -> str:
    """The words of a ready reason, or what was said."""
    given = verdict.reason.strip()
    fitting = await ready_reasons(tx, actor, verdict.kind)
    if given not in fitting:
        for kind in _READY:
            # Kept as it stands it would be a key that nobody can read, and a reason for the opposite.
            if given in await ready_reasons(tx, actor, kind):
                raise Refused("reason_of_another")
    return fitting.get(given, given)


async def _changes(tx: Tx, actor: Actor, verdict: Verdict) -> dict[str, Any]:
    """What is changed, as the measure holds it. Raises Refused."""
    if verdict.kind is not MeasureDecision.CHANGE:
        return {}
    if not verdict.changes or not verdict.changes.keys() <= CHANGEABLE:
        raise Refused("change_unknown")
    changes = dict(verdict.changes)
    if "demands" in changes:
        changes["demands"] = _demands(changes["demands"])
    if (worker_id := changes.get("worker_id")) is not None:
        known = (await people.many(tx, [worker_id])).get(worker_id)
        if known is None or known.agency_id != actor.agency_id or not known.active:
            raise Refused("worker_unknown")
    return changes


def _demands(given: Any) -> Demands:
    try:
        return Demands.model_validate(given)
    except ValidationError:
        raise Refused("demands_unknown") from None


def _plain(value: Any) -> Any:
    """A change as its decision keeps it."""
    if isinstance(value, Demands):
        return written(value)
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value


async def _asked_again(tx: Tx, after: Measure) -> Measure:
    """What holds until a day is asked about on that day; it stays in force until somebody decides."""
    if not after.holds or after.until_on is None:
        return after
    return replace(after, next_at=max(await circle.morning_of(tx, after.agency_id, after.until_on), tx.now))


async def _tell_the_worker(tx: Tx, actor: Actor, around: Circle, after: Measure, made: Decision) -> None:
    """Whoever it came from hears what became of it; the reason is read on the plan's own page."""
    told = await proposals.came_from(tx, after) - around.excluded
    params = {**await proposals.about(tx, after), "verdict": str(made.kind), "by": actor.name, "reason": made.reason}
    await tell(tx, told, "plan.decided", params, priority=Priority.ROUTINE)
