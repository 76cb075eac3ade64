"""Several people at one family's plan in the same moment: one measure, one number, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from safety_service.actions import debriefs, measures
from safety_service.actions.measures import Verdict
from safety_service.domain.plan import MeasureDecision, MeasureState
from safety_service.domain.refusal import Refused
from safety_service.store.debriefs import of_visit
from tests.guidance.at_plans import HARD, all_of, been, told, versions
from tests.world import World


async def test_two_debriefs_at_once_propose_each_measure_once(world: World) -> None:
    rows = {who: await been(world, who) for who in ("Ann", "Ben")}
    ids = {}
    for who, row in rows.items():
        async with world.database.reading() as tx:
            debrief = await of_visit(tx, row.id, world.ids[who])
        assert debrief is not None
        ids[who] = debrief.id
        await world.do(who, debriefs.answer, debrief.id, {**HARD, "met": ["open_threat"]})
    await asyncio.gather(*(world.do(who, debriefs.give_first_part, each) for who, each in ids.items()))
    found = await all_of(world, rows["Ann"])
    two = found["two_people"]
    assert set(two.because.debriefs) == {str(each) for each in ids.values()}
    assert [each.number for each in await versions(world, rows["Ann"].family_id)] == [1]


async def test_two_managers_at_once_the_first_decision_stands(world: World) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]

    async def refuse(who: str) -> str:
        verdict = Verdict(kind=MeasureDecision.REFUSE, reason=who)
        try:
            await world.do(who, measures.decide, two.id, verdict)
        except Refused as why:
            return why.code
        return "done"

    assert sorted(await asyncio.gather(refuse("Mia"), refuse("Dev"))) == ["done", "measure_closed"]
    assert (await all_of(world, debrief))["two_people"].state is MeasureState.REFUSED
    assert [each.number for each in await versions(world, debrief.family_id)] == [1, 2]


async def test_planning_deciding_and_debriefing_at_once_wait_for_one_another_and_not_for_ever(world: World) -> None:
    debrief = await told(world, "argued", "open_threat")
    found = await all_of(world, debrief)
    row = await been(world, "Ben")
    async with world.database.reading() as tx:
        second = await of_visit(tx, row.id, world.ids["Ben"])
    assert second is not None
    await world.do("Ben", debriefs.answer, second.id, {**HARD, "met": ["argued", "weapon"]})
    accept = Verdict(kind=MeasureDecision.ACCEPT, reason="so it is")
    work = asyncio.gather(
        world.do("Ben", debriefs.give_first_part, second.id),
        *(world.do("Mia", measures.decide, each.id, accept) for each in found.values()),
        *(world.plan("Ann", after=minutes) for minutes in (300, 60, 120)),
    )
    await asyncio.wait_for(work, timedelta(seconds=60).total_seconds())
    numbers = [each.number for each in await versions(world, debrief.family_id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {str(each.state) for key, each in (await all_of(world, debrief)).items() if key in found} == {"in_force"}
