"""Somebody who goes out: plans, begins, answers when asked, or late, or not at all, leaves, goes home."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from safety_service.simulation.chance import chance
from safety_service.simulation.ledger import Outcome
from safety_service.simulation.network import Message
from safety_service.simulation.town import DECOYS, OWN

if TYPE_CHECKING:
    from safety_service.simulation.world import World

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How much happens on a day. `pause`: minutes between two things that a worker does unasked."""

    lengths: tuple[int, ...]
    pause: tuple[float, float]
    every: tuple[float | None, ...]
    joint: float
    #: Of the families: those where violence was met, and those or a dog.
    high: float
    medium: float


#: Much happens: for finding faults.
LIVELY = Manner((20, 45, 60, 90, 120, 180, 240), (5, 80), (None, None, None, None, 600.0), 0.15, 0.2, 0.45)
#: Long visits to quiet families, where a word an hour is enough.
QUIET = Manner((120, 180, 240, 300), (60, 900), (None,), 0.25, 0.03, 0.1)
#: What may be pressed by mistake, or from a message of long ago.
BUTTONS = ("ok", "left", "home", "begin", "cancel", "extend", "note")


class Worker:
    """One worker's day, until the simulation's hours are over."""

    def __init__(self, world: World, person_id: UUID, until: float, manner: Manner) -> None:
        self._world = world
        self._manner = manner
        self._person_id = person_id
        self._phone = world.phones[person_id]
        self._dice = chance(world.seed, "worker", world.town.name(person_id))
        self._until = until
        self._silent_until = 0.0
        self._old: UUID | None = None
        world.spawn(self._live())
        world.spawn(self._read())

    async def _live(self) -> None:
        await asyncio.sleep(self._dice.uniform(0, 20 * MINUTE))
        while self._now() < self._until and self._person_id not in self._world.town.gone:
            planned = await self._plan()
            if planned is not None:
                await self._go(planned)
            await asyncio.sleep(self._dice.uniform(1 * MINUTE, 15 * MINUTE))

    def _now(self) -> float:
        return self._world.clock.steady()

    # --- a visit ---

    async def _plan(self) -> Outcome | None:
        dice, team = self._dice, self._world.town.team_of[self._person_id]
        starts_at = self._world.clock.true + timedelta(minutes=dice.choice((0, 1, 5, 15, 30)))
        workers = [self._person_id]
        if dice.random() < self._manner.joint and len(team.workers) > 1:
            workers.append(dice.choice([each for each in team.workers if each != self._person_id]))
        outcome = await self._phone.say(
            "plan",
            ref=dice.choice(self._world.town.families[team.agency_id]),
            starts_at=starts_at.isoformat(),
            ends_at=(starts_at + timedelta(minutes=dice.choice(self._manner.lengths))).isoformat(),
            address="1 Elm Row",
            workers=[str(each) for each in workers],
            speaker=str(self._person_id) if len(workers) > 1 and dice.random() < 0.6 else None,
            every=dice.choice(self._manner.every),
            travel=dice.choice((600.0, 1800.0, 3600.0)),
        )
        return outcome if outcome.refused is None else None

    async def _go(self, planned: Outcome) -> None:
        dice, visit, order = self._dice, UUID(planned.given["visit"]), planned.deed.order
        length = _seconds(order["starts_at"], order["ends_at"])
        high = planned.given["risk"] == "high"
        starts_in = _seconds(planned.deed.said_at.isoformat(), order["starts_at"])
        await asyncio.sleep(max(0.0, starts_in + dice.choice((0, 0, 30, 300, 1500)) + dice.uniform(0, 60)))
        luck = dice.random()
        if luck < 0.06:
            return
        if luck < 0.12:
            self._phone.say("cancel", visit=visit)
            return
        begun = await self._phone.say("begin", visit=visit)
        if begun.refused is None:
            await self._inside(visit, length, high=high)
            await self._leave(visit, order["travel"], high=high)
        self._old = visit

    async def _inside(self, visit: UUID, length: float, *, high: bool) -> None:
        """What happens on the visit; nothing, mostly."""
        dice = self._dice
        leaves_at = self._now() + length * dice.uniform(0.6, 1.1)
        while (left := leaves_at - self._now()) > 0:
            await asyncio.sleep(min(left, MINUTE * dice.uniform(*self._manner.pause)))
            if self._is_silent():
                continue
            what = dice.random()
            if what < 0.25:
                self._phone.say("ok", visit=visit)
            elif what < 0.31:
                self._phone.say("extend", visit=visit, by=900.0, **self._proof(high))
                leaves_at += 900
            elif what < 0.34:
                until = self._world.clock.true + timedelta(minutes=dice.choice((10, 30, 60)))
                self._phone.say("silence", visit=visit, until=until.isoformat())
            elif what < 0.38:
                self._phone.say("ring_me", visit=visit)
            elif what < 0.41:
                self._phone.say("sos", visit=visit if dice.random() < 0.7 else None)
            elif what < 0.49:
                # The phone is dead, or somebody keeps them from it.
                self._silent_until = self._now() + dice.uniform(10, 120) * MINUTE
            elif what < 0.53:
                self._wrong_button()
        await asyncio.sleep(max(0.0, self._silent_until - self._now()))

    async def _leave(self, visit: UUID, travel: float, *, high: bool) -> None:
        dice = self._dice
        if dice.random() < 0.1:
            return
        outcome = await self._phone.say("left", visit=visit, **self._proof(high))
        if outcome.given.get("asked"):
            await self._phone.say("left", visit=visit, **self._proof(high))
        if dice.random() < 0.8:
            await asyncio.sleep(travel * dice.uniform(0.5, 1.3))
            self._phone.say("home", visit=visit, **self._proof(high))

    def _proof(self, high: bool) -> dict[str, Any]:
        """Their own word where it is asked for; now and then the one that calls for help."""
        luck = self._dice.random()
        if not high or luck < 0.1:
            return {}
        forced = self._world.forced
        return {"phrase": self._world.duress if luck > 1 - forced else DECOYS[0] if luck > 0.92 - forced else OWN}

    def _wrong_button(self) -> None:
        if self._old is not None:
            more = {"by": 900.0} if (do := self._dice.choice(BUTTONS)) == "extend" else {}
            self._phone.say(do, visit=self._old, **more)

    def _is_silent(self) -> bool:
        return self._silent_until > self._now()

    # --- what they are asked ---

    async def _read(self) -> None:
        while True:
            message = await self._phone.messages.get()
            if message.template.startswith("ask.") and not self._is_silent():
                luck = self._dice.random()
                # That a visit is near, or near its end, most people only read.
                reads = message.template in ("ask.going_in", "ask.still_on") and self._dice.random() < 0.7
                if luck < 0.93 and not reads:
                    wait = self._dice.uniform(3, 90) if luck < 0.8 else self._dice.uniform(90, 1500)
                    self._world.spawn(self._answer(message, wait))

    async def _answer(self, message: Message, wait: float) -> None:
        await asyncio.sleep(wait)
        if self._is_silent():
            return
        visit, luck = UUID(message.params["visit_id"]), self._dice.random()
        question = message.template.removeprefix("ask.")
        do = _ANSWERS.get(question, "ok") if luck < 0.85 else self._dice.choice(BUTTONS)
        more: dict[str, Any] = {"by": 900.0} if do == "extend" else {}
        proof: dict[str, Any] = (
            {"phrase": OWN} if do in ("extend", "left", "home") and message.params["risk"] == "high" else {}
        )
        times = 2 if self._dice.random() < 0.05 else 1
        for _ in range(times):
            self._phone.say(do, visit=visit, **more, **proof)


_ANSWERS = {"not_begun": "begin", "end": "left", "home": "home", "own_word": "left"}


def _seconds(since: str, until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()
