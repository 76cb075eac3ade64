"""What became of a debrief: what was decided, what holds, who has seen it, and whether it happened again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from safety_service.actions import debrief_log, evidence
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.plan import HOLDS, Measure
from safety_service.store import behaviours, debriefs, measures, plans, visits
from safety_service.store.behaviours import Met
from safety_service.store.database import Tx
from safety_service.store.measures import Decision
from safety_service.store.plans import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """A measure that the debrief speaks for. `seen_by`: who has confirmed a briefing with it, and when first."""

    measure: Measure
    decisions: Sequence[Decision]
    #: The first version of the plan in which it held; None: it never has.
    number: int | None
    seen_by: dict[UUID, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that became of a debrief. `recurred`: the same behaviours, met later at the same family."""

    measures: Sequence[Became]
    recurred: Sequence[Met]


async def became_of(tx: Tx, actor: Actor, debrief_id: UUID) -> Outcome:
    """For whoever may read the debrief; that it was read is kept. Raises NotFound."""
    row = await debriefs.load(tx, debrief_id)
    visit = None if row is None else await visits.load(tx, row.visit_id)
    if row is None or visit is None:
        raise NotFound
    _, matter, _ = await debrief_log.may_read(tx, actor, debrief_id)
    if actor.person_id in matter.excluded:
        # Their own telling stays theirs; what the family's plan made of it is not.
        return Outcome(measures=(), recurred=())
    await evidence.keep(tx, actor, actor.agency_id, "read", subject="debrief", subject_id=debrief_id, what="became_of")
    found = [each for each in await measures.of_family(tx, visit.family_id) if _speaks_for(debrief_id, each)]
    decisions = await measures.decisions(tx, [each.id for each in found])
    versions = await plans.of_family(tx, visit.family_id)
    return Outcome(
        measures=[await _became(tx, each, decisions[each.id], versions) for each in found],
        recurred=await _recurred(tx, debrief_id, visit.family_id),
    )


def _speaks_for(debrief_id: UUID, measure: Measure) -> bool:
    return str(debrief_id) in measure.because.debriefs


async def _became(tx: Tx, measure: Measure, decisions: Sequence[Decision], versions: Sequence[Version]) -> Became:
    numbers = [each.number for each in versions if _held(measure, each)]
    number = min(numbers, default=None)
    seen = {} if number is None else await plans.readers(tx, measure.family_id, number)
    return Became(measure=measure, decisions=decisions, number=number, seen_by=seen)


def _held(measure: Measure, version: Version) -> bool:
    return any(each["id"] == str(measure.id) and each["state"] in HOLDS for each in version.measures)


async def _recurred(tx: Tx, debrief_id: UUID, family_id: UUID) -> list[Met]:
    met = await behaviours.of_family(tx, family_id)
    here = [each for each in met if each.debrief_id == debrief_id]
    kinds, since = {each.kind for each in here}, min((each.on for each in here), default=None)
    # Ids grow with time: of the same day, a later debrief counts.
    return [
        each
        for each in met
        if since is not None and each.kind in kinds and each.on >= since and each.debrief_id > debrief_id
    ]
