"""A manager's decision on a visit that waits for one; never one's own, always with a reason."""

from dataclasses import replace
from uuid import UUID

from safety_service.actions import matters, renewing
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_decide
from safety_service.actions.actor import Actor
from safety_service.actions.carrying import carry_out
from safety_service.actions.errors import NotFound
from safety_service.domain import events as ev
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import apply
from safety_service.domain.words import Decided
from safety_service.store import events, measures, visits
from safety_service.store.database import Tx
from safety_service.store.visits import Decision, VisitRow


async def decide(
    tx: Tx, actor: Actor, visit_id: UUID, decided: Decided, reason: str, *, seen: int | None = None
) -> VisitRow:
    """Keep a decision on a visit and tell its workers. Raises NotFound, Refused.

    It is bound to the family's plan as it is now: the visit is held against that first, and a later plan voids it.
    `seen`: the version of the visit that was looked at; another one is refused as `changed_meanwhile`.
    """
    kept_row = await visits.load(tx, visit_id, lock=True)
    if kept_row is None:
        raise NotFound
    may_decide(actor, await matters.of_visit(tx, kept_row))
    if seen is not None and kept_row.version != seen:
        raise Refused("changed_meanwhile")
    row = await renewing.renew_visit(tx, kept_row, tells=False)
    made = ev.DecisionMade(by=actor.person_id, decided=decided, reason=reason)
    after, effects = apply(row.visit, made, tx.now, await tx.policy())
    number = row.plan_number
    kept = Decision(kind=decided, reason=reason.strip(), by=actor.person_id, at=tx.now, plan_number=number)
    await visits.insert_decision(tx, row.id, kept, row.version)
    await visits.save(tx, row.visit, after)
    changed = replace(row, visit=after, decision=kept)
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=actor.person_id,
        verb="decided",
        subject="visit",
        subject_id=row.id,
        visit_id=row.id,
        details={
            "kind": decided,
            "reason": kept.reason,
            "plan_number": row.plan_number,
            "lacking": row.lacking,
            "measures": await _measures(tx, row, decided),
        },
    )
    await carry_out(tx, await scenes.of_visit(tx, changed, with_people=False), {}, effects)
    tx.announce(f"board:{row.team_id}")
    return changed


async def _measures(tx: Tx, row: VisitRow, decided: Decided) -> list[str]:
    """With measures: those that hold, which the decision names."""
    if decided is not Decided.GO_AHEAD_WITH_MEASURES:
        return []
    return [each.says for each in await measures.in_force(tx, row.family_id)]
