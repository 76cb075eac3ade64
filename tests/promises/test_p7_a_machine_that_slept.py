"""P7 at the line where it is decided: a machine that slept hears what was said meanwhile before it alarms anybody."""

from datetime import datetime

import pytest

from safety_service.store.database import Tx
from scheduler.gap import GapWatch
from scheduler.sweeper import Sweeper
from scheduler.watchdog import Progress
from tests.world import MINUTE, World


async def nothing_was_heard_yet(_tx: Tx, _since: datetime) -> bool:
    return False


@pytest.mark.parametrize("asleep", ["between two runs", "in the middle of a run"])
async def test_a_machine_that_slept_sweeps_nothing_before_it_has_looked(world: World, asleep: str) -> None:
    drift = [0.0]
    swept: list[str] = []

    def sleeps() -> None:
        drift[0] += 40 * 60
        world.clock.move(40 * MINUTE)

    async def watches(_tx: Tx, _limit: int) -> int:
        swept.append("watches")
        if asleep == "in the middle of a run":
            sleeps()
        return 0

    async def alerts(_tx: Tx, _limit: int) -> int:
        swept.append("alerts")
        return 0

    gap = GapWatch(world.database, "one", nothing_was_heard_yet, drifting=lambda: drift[0])
    sweeper = Sweeper(world.database, {"watches": watches, "alerts": alerts}, gap, Progress())
    await sweeper.once()
    before = list(swept)
    assert before == (["watches", "alerts"] if asleep == "between two runs" else ["watches"])
    if asleep == "between two runs":
        sleeps()
    await sweeper.once()
    assert swept == before, "what was said meanwhile goes first"
