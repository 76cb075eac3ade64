"""What goes wrong by the hour: the database is away, a channel is down, the clock is set, a row is spoilt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from safety_service.simulation.chance import chance

if TYPE_CHECKING:
    from safety_service.simulation.world import World

HOUR = 3600.0


def begin(world: World, hours: float) -> None:
    """Let things go wrong until the hours are over."""
    faults, until = world.faults, hours * HOUR
    kinds = (
        (faults.crash, _crash),
        (faults.away, _away),
        (faults.down, _down),
        (faults.step, _step),
        (faults.spoilt, _spoil),
    )
    for rate, happen in kinds:
        if rate:
            world.spawn(_now_and_then(world, rate, happen, until))
    dice = chance(world.seed, "shuts")
    for person_id in world.town.names:
        if dice.random() < faults.shuts:
            world.spawn(_shuts(world, person_id, dice.uniform(0, until)))
    if dice.random() < 0.3:
        world.spawn(_leaves(world, dice.choice(world.town.workers), dice.uniform(0, until)))


Happen = Callable[["World", Random], Awaitable[None]]


async def _now_and_then(world: World, rate: float, happen: Happen, until: float) -> None:
    dice = chance(world.seed, happen.__name__)
    while True:
        await asyncio.sleep(dice.expovariate(rate / HOUR))
        if world.clock.steady() >= until:
            return
        await happen(world, dice)


async def _crash(world: World, dice: Random) -> None:
    """Before or after a commit that comes soon."""
    world.doom(dice.randrange(30))


async def _away(world: World, dice: Random) -> None:
    world.away = True
    world.tell("away", "the database")
    await asyncio.sleep(dice.choice((2.0, 20.0, 120.0)))
    world.away = False
    world.observer.trouble()
    world.tell("back", "the database")


async def _down(world: World, dice: Random) -> None:
    kind = dice.choice(("telegram", "telegram", "sms"))
    world.network.down.add(kind)
    world.tell("down", kind)
    await asyncio.sleep(dice.choice((20.0, 180.0, 900.0)))
    world.network.down.discard(kind)
    world.tell("back", kind)


async def _step(world: World, dice: Random) -> None:
    by = dice.choice((-1, 1)) * dice.choice((1.0, 5.0, 60.0, 600.0))
    world.clock.offset += timedelta(seconds=by)
    world.observer.trouble()
    world.tell("clock", f"set by {by:g} s")


async def _spoil(world: World, dice: Random) -> None:
    """A visit's row opens with no key for some minutes: as if it were sealed with a key that is gone."""
    live = sorted({each.visit for each in world.observer.watches.live.values()})
    if not live:
        return
    visit = dice.choice(live)
    raw = world.machine.raw
    (kept,) = raw.execute("SELECT address FROM visit WHERE id = ?", (visit.hex,)).fetchone()
    raw.execute("UPDATE visit SET address = ? WHERE id = ?", (b"spoilt", visit.hex))
    world.spoil(visit)
    world.tell("spoilt", "a visit")
    await asyncio.sleep(dice.choice((60.0, 900.0, 3600.0)))
    raw.execute("UPDATE visit SET address = ? WHERE id = ?", (kept, visit.hex))
    world.mend(visit)
    world.tell("mended", "a visit")


async def _shuts(world: World, person_id: UUID, after: float) -> None:
    """They shut the chat; some open it again, which the service learns when they speak: here it does not."""
    await asyncio.sleep(after)
    world.network.blocked.add(f"chat-{person_id}")
    world.tell("shuts", world.town.name(person_id))


async def _leaves(world: World, person_id: UUID, after: float) -> None:
    await asyncio.sleep(after)
    administrator = world.town.administrators[world.town.team_of[person_id].agency_id]
    world.town.gone.add(person_id)
    world.phones[administrator].say("deactivate", person=person_id)
