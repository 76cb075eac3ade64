"""What can wait does while alarms are on their way, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.calm import LONGEST, Calm


@dataclass
class Sky:
    """A storm or none, and the time."""

    stormy: bool = False
    now: float = 0.0
    done: int = 0

    async def job(self) -> None:
        self.done += 1


async def test_what_can_wait_waits_for_the_end_of_the_storm_and_is_done_then() -> None:
    sky = Sky()
    job = Calm(lambda: sky.stormy, lambda: sky.now).waits(sky.job)
    await job()
    assert sky.done == 1
    sky.stormy, sky.now = True, 10.0
    await job()
    assert sky.done == 1
    sky.stormy = False
    await job()
    assert sky.done == 2


async def test_a_storm_that_does_not_end_keeps_nothing_from_being_done_for_ever() -> None:
    sky = Sky(stormy=True)
    job = Calm(lambda: sky.stormy, lambda: sky.now).waits(sky.job)
    for sky.now in (LONGEST - 1, LONGEST, LONGEST + 10, 2 * LONGEST):
        await job()
    assert sky.done == 2
