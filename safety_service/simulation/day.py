"""One simulated day: made from its seed, lived, looked at, and told of when a promise was broken."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from safety_service.simulation import trouble, virtual
from safety_service.simulation.chance import chance, ids
from safety_service.simulation.errors_seen import ErrorsSeen
from safety_service.simulation.faults import Faults, draw
from safety_service.simulation.observer import Broken
from safety_service.simulation.responder import Responder
from safety_service.simulation.ring import OpenRing
from safety_service.simulation.virtual import VirtualLoop
from safety_service.simulation.worker import LIVELY, Manner, Worker
from safety_service.simulation.world import World
from safety_service.store import ids as id_source
from safety_service.store import instant, sealing

#: Seconds in which nothing goes wrong at the end: what is under way comes to its end.
CALM = 360.0
HOUR = 3600.0
WORKERS = 40


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of a day. `cpu_s` is this processor's time; everything else is the same each time."""

    seed: int
    hours: float
    workers: int
    broken: Broken | None
    last: tuple[str, ...]
    digest: str
    steps: int
    counts: Counter[str]
    visit_hours: float
    screens: dict[str, list[tuple[float, str]]]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Twin:
    """A day to be held against another. No manager answers on it: what they do would change what workers see."""

    #: What is said where the duress word would be.
    phrase: str


def live(
    seed: int,
    hours: float,
    *,
    workers: int = WORKERS,
    faults: Faults | None = None,
    manner: Manner = LIVELY,
    twin: Twin | None = None,
) -> Lived:
    """Simulate a day of so many hours. The same arguments are the same day."""
    with _apart(seed):
        # The tables are made once in a process, and are no part of a day.
        instant.prepare()
        began = time.process_time()
        loop = VirtualLoop()
        dice = chance(seed, "day")
        drawn = draw(dice)
        world = World(seed, loop, drawn if faults is None else faults, start_hour=dice.choice((6.0, 9.0, 13.0, 21.0)))
        if twin is not None:
            # Nobody waits for a tick: on which of them something falls would differ by what else is due.
            world.duress, world.forced, world.tick = twin.phrase, 0.5, 0.001
        virtual.run(loop, _lived(world, hours, workers, manner, answered=twin is None))
    watched = world.observer.watches.watched / HOUR
    world.machine.close()
    return Lived(
        seed=seed,
        hours=hours,
        workers=workers,
        broken=world.observer.found,
        last=tuple(world.story.last),
        digest=world.story.digest,
        steps=world.story.step,
        counts=world.story.counts,
        visit_hours=watched,
        screens={name: screen for name, screen in world.screens.items() if name.startswith("worker")},
        cpu_s=time.process_time() - began,
    )


async def _lived(world: World, hours: float, workers: int, manner: Manner, *, answered: bool) -> None:
    await world.build(workers, hours, (manner.high, manner.medium))
    trouble.begin(world, hours)
    for each in world.town.workers:
        Worker(world, each, hours * HOUR, manner)
    for each in world.town.names:
        if answered and each not in world.town.workers:
            Responder(world, each)
    with ErrorsSeen(world):
        await _until(world, hours * HOUR)
        world.calm_down()
        await _until(world, hours * HOUR + CALM)
    if world.failed is not None:
        raise world.failed
    world.observer.at_the_end()


async def _until(world: World, moment: float) -> None:
    wait = moment - world.clock.steady()
    if wait <= 0 or world.ended.is_set():
        return
    try:
        async with asyncio.timeout(wait):
            await world.ended.wait()
    except TimeoutError:
        return


@contextmanager
def _apart(seed: int) -> Iterator[None]:
    """This process's ring, ids and dice are the simulation's for a while; what the service logs is not printed."""
    ring, state = sealing.in_use(), random.getstate()
    sealing.use(OpenRing())
    id_source.made_by(ids(seed))
    random.seed(seed)
    logger = logging.getLogger()
    handlers, logger.handlers = logger.handlers, [logging.NullHandler()]
    # A day makes many small things that live long: looking through them again and again frees nothing.
    often = gc.get_threshold()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*often)
        logger.handlers = handlers
        random.setstate(state)
        id_source.made_by()
        if ring is not None:
            sealing.use(ring)
