"""Raising and lowering a family's risk by hand: anyone raises; managers lower, with a reason, for a while."""

from datetime import date, timedelta

from safety_service.actions import circle, families, renewing
from safety_service.actions.actor import Actor
from safety_service.actions.facts import cut, keep_fact, must_lower
from safety_service.actions.families import Family
from safety_service.domain.refusal import Refused
from safety_service.domain.risk import LOWERED, RAISED
from safety_service.store import families as rows
from safety_service.store.database import Tx
from safety_service.store.risk_facts import FactRow

BY_HAND = "by_hand"


async def raise_risk(tx: Tx, actor: Actor, ref: str, why: str) -> FactRow:
    """This family counts as high until a manager ends or lowers it. Anyone who may know of it raises it.

    Raises NotFound; Refused: `reason_wanted`.
    """
    family = await families.known(tx, actor, ref)
    review_after = (await tx.policy()).family.lowered
    made = await _by_hand(tx, actor, family, RAISED, why, review_after=review_after)
    await renewing.renew_family(tx, family.id, what=made.says or "")
    return made


async def lower_risk(tx: Tx, actor: Actor, ref: str, to: str, why: str, days: int) -> FactRow:
    """What is known now counts as `to` (low, medium) at most, for so many days; what becomes known later counts fully.

    Raises NotFound; Refused: `managers_only`, `never_your_own`, `reason_wanted`, `lowered_too_long`.
    """
    family = await families.known(tx, actor, ref)
    await must_lower(tx, actor, family)
    longest = (await tx.policy()).family.lowered
    if f"lowered_to_{to}" not in LOWERED or not 1 <= days <= longest.days:
        raise Refused("lowered_too_long", days=longest.days)
    until = await circle.today(tx, actor.agency_id) + timedelta(days=days)
    return await _by_hand(tx, actor, family, f"lowered_to_{to}", why, ended_on=until)


async def _by_hand(
    tx: Tx,
    actor: Actor,
    family: Family,
    kind: str,
    why: str,
    *,
    ended_on: date | None = None,
    review_after: timedelta | None = None,
) -> FactRow:
    if not why.strip():
        raise Refused("reason_wanted")
    today = await circle.today(tx, actor.agency_id)
    made = await rows.add_fact(
        tx,
        family.id,
        kind,
        today,
        source=BY_HAND,
        by=actor.person_id,
        says=cut(why),
        ended_on=ended_on,
        review_on=None if review_after is None else today + review_after,
    )
    await keep_fact(tx, actor, "risk_" + kind, made, why=cut(why))
    return made
