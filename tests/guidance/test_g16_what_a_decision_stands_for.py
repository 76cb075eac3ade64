"""G16: a decision on a visit is for what was known when it was made: a later plan, or a new lack, is put anew."""

from __future__ import annotations

import pytest

from safety_service.actions import decisions, renewing
from safety_service.domain.words import Decided, Status
from safety_service.store.visits import VisitRow
from tests.guidance.at_plans import all_of, says, told, trained
from tests.guidance.test_g16_decide_and_give_the_reason import decided
from tests.world import World


@pytest.fixture
async def row(world: World) -> VisitRow:
    """A visit of one, where two are demanded; a manager lets it go ahead."""
    await trained(world, "Ann", "Ben", "Dev")
    await told(world, "open_threat", who="Ann")
    made = await world.plan("Ben", after=400)
    assert made.visit.status is Status.WAITING
    await world.do("Mia", decisions.decide, made.id, Decided.GO_AHEAD, "Ann waits in the car")
    return await world.visit(made.id)


async def looked_at_again(world: World, row: VisitRow) -> VisitRow:
    async with world.database.transaction() as tx:
        await renewing.renew_family(tx, row.family_id)
    await world.deliver()
    return await world.visit(row.id)


async def test_a_decision_that_a_later_plan_voided_does_not_count_again(world: World, row: VisitRow) -> None:
    await says(world, "Mia", (await all_of(world, row))["short_interval"], "accept")
    assert (await world.visit(row.id)).visit.status is Status.WAITING
    await decided(world, "as_it_is", who="Dev")
    assert (await world.visit(row.id)).visit.status is Status.PLANNED, "the direction covers it, not the old decision"
    await decided(world, "with_measures", who="Dev")
    after = await world.visit(row.id)
    assert after.visit.status is Status.WAITING, "alone it has not the measures that the new direction asks for"


async def test_what_is_lacking_only_later_is_put_to_a_manager_whatever_was_decided_before(
    world: World, row: VisitRow
) -> None:
    assert (await looked_at_again(world, row)).visit.status is Status.PLANNED, "nothing is new: it stands"
    world.sent.clear()
    await decided(world, "not_by_visits", who="Dev")
    after = await looked_at_again(world, row)
    assert after.plan_number == row.plan_number and after.visit.status is Status.WAITING
    assert after.lacking[-1]["key"] == "not_by_visits" and world.told("Mia", "decision.wanted")
    await world.do("Mia", decisions.decide, row.id, Decided.GO_AHEAD, "This once, to say goodbye")
    assert (await looked_at_again(world, row)).visit.status is Status.PLANNED
