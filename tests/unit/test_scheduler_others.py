"""What is due and in somebody else's hands: it is looked for less often, and no later than a quarter of a second."""

import asyncio

from safety_service.store.glance import Due
from scheduler.gap import GapWatch
from scheduler.others import LEFT_OUT, Others
from scheduler.sweeper import Sweeper
from scheduler.watchdog import Progress
from tests.unit.dispatcher.test_bundling import Steady
from tests.unit.test_scheduler_sweeper import Failing, always, running
from tests.world import World


def test_once_in_vain_is_tried_again_at_once_and_then_less_and_less_often() -> None:
    steady, found = Steady(), []
    others = Others(steady)
    for _ in range(4):
        others.note({"watches"}, set())
        found.append(round(others.next_at - steady.at, 3) if others.have("watches") else 0.0)
        steady.at += 1
    assert found == [*LEFT_OUT, LEFT_OUT[-1]] and max(LEFT_OUT) <= 0.25


def test_whoever_gets_hold_of_something_is_left_out_no_more() -> None:
    others = Others(Steady())
    for _ in range(3):
        others.note({"watches"}, set())
    assert others.have("watches") and not others.have("alerts")
    others.note({"watches"}, {"watches"})
    assert not others.have("watches")
    others.note({"watches"}, set())
    assert not others.have("watches"), "the first time in vain is nothing unusual"


async def test_two_sweeps_of_one_storm_do_not_take_each_others_time(world: World) -> None:
    """Each that found an agency in hand looked again twenty times a second, past ten thousand that were due."""
    looks, held = Failing(), Due(frozenset({"watches"}))

    async def glance(tx: object) -> Due:
        return held

    one = Sweeper(
        world.database, {"watches": looks}, GapWatch(world.database, "one", always), Progress(), glance=glance
    )
    async with running(one):
        await asyncio.sleep(1.0)
    assert looks.runs < 10
