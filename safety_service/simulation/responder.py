"""Somebody on duty: takes alerts, or late, or not; rings, finds out, resolves, passes on, forgets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from safety_service.simulation.chance import chance
from safety_service.simulation.network import Message

if TYPE_CHECKING:
    from safety_service.simulation.world import World

MINUTE = 60.0


class Responder:
    """One manager's or administrator's reactions to their messages."""

    def __init__(self, world: World, person_id: UUID) -> None:
        self._world = world
        self._person_id = person_id
        self._phone = world.phones[person_id]
        self._dice = chance(world.seed, "responder", world.town.name(person_id))
        #: How likely they answer at all.
        self._answers = self._dice.choice((0.4, 0.7, 0.95))
        self._mine: set[UUID] = set()
        world.spawn(self._read())

    async def _read(self) -> None:
        while True:
            message = await self._phone.messages.get()
            react = self._reaction(message)
            if react is not None and self._dice.random() < self._answers:
                self._world.spawn(react(message))

    def _reaction(self, message: Message) -> Callable[[Message], Coroutine[Any, Any, None]] | None:
        if message.template.startswith("alarm.") or message.template in ("alert.nobody", "alert.offer"):
            return self._alarmed
        return {
            "bundle.alarms": self._flooded,
            "alert.second_wanted": self._agree,
            "alert.news_wanted": self._give_news,
            "ring.wanted": self._ring,
            "decision.wanted": self._decide,
        }.get(message.template)

    async def _wait(self, least: float, most: float) -> None:
        await asyncio.sleep(self._dice.uniform(least, most))

    async def _alarmed(self, message: Message) -> None:
        alert = UUID(message.params["alert_id"])
        if alert in self._mine and self._dice.random() < 0.7:
            return
        await self._wait(4, 60 if self._dice.random() < 0.7 else 400)
        if self._dice.random() < 0.05:
            self._phone.say("escalate", alert=alert, step=message.params["step"])
        outcome = await self._phone.say("take", alert=alert, over=self._dice.random() < 0.05)
        if self._dice.random() < 0.05:
            self._phone.say("take", alert=alert, over=False)
        if outcome.refused is None and alert not in self._mine:
            self._mine.add(alert)
            await self._see_to(alert)

    async def _see_to(self, alert: UUID) -> None:
        """Rings, and finds out; or something comes between."""
        await self._wait(20, 6 * MINUTE)
        luck = self._dice.random()
        if luck < 0.1:
            return
        if luck < 0.2:
            self._phone.say("news", alert=alert, says=self._dice.choice(("still_trying", "police_rung")))
            await self._wait(1 * MINUTE, 12 * MINUTE)
        elif luck < 0.3:
            managers = self._world.town.team_of.get(self._person_id)
            others = [each for each in (managers.managers if managers else ()) if each != self._person_id]
            if others:
                self._phone.say("pass_on", alert=alert, to=self._dice.choice(others))
                await self._wait(1 * MINUTE, 12 * MINUTE)
        self._phone.say("resolve", alert=alert, found="safe", known_by=self._dice.choice(("heard_voice", "seen")))

    async def _flooded(self, message: Message) -> None:
        """Many at once: the board says which, and each is taken by itself."""
        team = self._world.town.team_of.get(self._person_id)
        for line in message.params["alarms"]:
            alert = None if team is None else self._world.observer.alerts.numbered(team.agency_id, line["number"])
            if alert is not None:
                await self._alarmed(replace(message, params={"alert_id": str(alert), "step": 0}))

    async def _agree(self, message: Message) -> None:
        await self._wait(5, 3 * MINUTE)
        found = message.params["found"] or "safe"
        self._phone.say("resolve", alert=UUID(message.params["alert_id"]), found=found, known_by="seen")

    async def _give_news(self, message: Message) -> None:
        await self._wait(5, 4 * MINUTE)
        alert = UUID(message.params["alert_id"])
        if self._dice.random() < 0.5:
            self._phone.say("news", alert=alert, says="still_trying")
        else:
            self._phone.say("resolve", alert=alert, found="late", known_by="heard_voice")

    async def _ring(self, message: Message) -> None:
        await self._wait(5, 3 * MINUTE)
        answer = self._dice.choice(("spoke", "spoke", "raise", "no_answer"))
        self._phone.say("ring", ring=UUID(message.params["ring_id"]), answer=answer)

    async def _decide(self, message: Message) -> None:
        await self._wait(10, 20 * MINUTE)
        decided = self._dice.choice(("go_ahead", "go_ahead", "change", "do_not_visit"))
        self._phone.say("decide", visit=UUID(message.params["visit_id"]), decided=decided)
