"""A simulated world: its clock, its machine, its people, what goes wrong, and who looks on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from safety_service.simulation import town as towns
from safety_service.simulation.chance import chance
from safety_service.simulation.faults import CALM, Faults
from safety_service.simulation.ledger import Ledger, Outcome
from safety_service.simulation.network import Message, Network
from safety_service.simulation.observer import Observer
from safety_service.simulation.phone import Phone
from safety_service.simulation.process import Process
from safety_service.simulation.story import Story
from safety_service.simulation.town import Town
from safety_service.simulation.virtual import SimulatedClock, VirtualLoop
from safety_service.store.hot import InProcessHot
from safety_service.store.instant import InstantDatabase, Machine
from scheduler.service import TICK

DAY = datetime(2026, 11, 16, tzinfo=UTC)


class World:
    """Made within its loop; `build` it, then let people live in it."""

    def __init__(self, seed: int, loop: VirtualLoop, faults: Faults, *, start_hour: float) -> None:
        self.seed = seed
        self.clock = SimulatedClock(loop, DAY + timedelta(hours=start_hour))
        self.story = Story()
        self.faults = faults
        self.ledger = Ledger()
        self.machine = Machine()
        self.network = Network(seed, faults, self._arrives)
        self.observer = Observer(self)
        self.town = Town()
        self.phones: dict[UUID, Phone] = {}
        self.away = False
        #: What is said where the duress word would be.
        self.duress = towns.DURESS
        #: Seconds between two ticks.
        self.tick = TICK.total_seconds()
        #: How often somebody is made to say that all is well.
        self.forced = 0.07
        #: Visits whose rows can be read by nobody just now, and deeds that were said meanwhile.
        self.spoilt: set[UUID] = set()
        #: Those, and the ones that were until now: they are looked at again within a minute.
        self.unreadable: set[UUID] = set()
        self.unheard: set[str] = set()
        #: Everything that stands on each person's screen, with its time.
        self.screens: dict[str, list[tuple[float, str]]] = {}
        self.process: Process | None = None
        self._dice = chance(seed, "world")
        self._doom: int | None = None
        self._is_up = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed: BaseException | None = None
        self.ended = asyncio.Event()

    async def build(self, size: int, hours: float, risks: tuple[float, float]) -> None:
        """The town, and the first process."""
        database = InstantDatabase(self.machine, self.clock, InProcessHot())
        async with database.transaction() as tx:
            self.town = await towns.build(tx, size, hours, risks, chance(self.seed, "town"))
        self.observer.open()
        self.phones = {each: Phone(self, each) for each in self.town.names}
        self.spawn(self._keep_running())

    def tell(self, what: str, about: str = "") -> None:
        """Add to the story."""
        self.story.tell(self.clock.steady(), what, about)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Somebody's life, which goes on by itself; one that fails ends the simulation."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed = self.failed or error
            self.ended.set()

    async def up(self) -> Process:
        """The process that runs, or the next one."""
        while self.process is None or self.process.dead:
            self._is_up.clear()
            await self._is_up.wait()
        return self.process

    async def _keep_running(self) -> None:
        number = 0
        while True:
            number += 1
            self.tell("start", f"process {number}")
            self.observer.comes_up()
            self.process = Process(self, number)
            self._is_up.set()
            await self.process.gone.wait()
            long = self._dice.random() < self.faults.long_down
            down = self._dice.uniform(60, 1200) if long else self._dice.uniform(0.5, 8)
            self.observer.goes_down()
            self.tell("down", f"for {down:.1f} s")
            await asyncio.sleep(down)

    def committed(self, outcomes: list[Outcome]) -> None:
        """A transaction was kept."""
        for each in outcomes:
            about = f"{each.deed.mark} {each.deed.do}{'' if each.refused is None else f': {each.refused}'}"
            self.tell("did" if each.refused is None else "refused", about)
            # Times as the chat says them: to the minute.
            answer = each.refused or " ".join(str(each.given.get(name))[:16] for name in ("what", "asked", "due_at"))
            self._show(each.deed.person_id, f"{each.deed.do}: {answer}")
        self.observer.look(outcomes)

    def doom(self, boundaries: int) -> None:
        """The process dies at a boundary of a commit, after so many more of them."""
        self._doom = boundaries

    def dies_here(self) -> bool:
        """Whether this boundary is the one."""
        if self._doom is None:
            return False
        self._doom -= 1
        if self._doom >= 0:
            return False
        self._doom = None
        return True

    def spoil(self, visit: UUID) -> None:
        """Nobody can read this visit."""
        self.spoilt.add(visit)
        self.unreadable.add(visit)

    def mend(self, visit: UUID) -> None:
        """It can be read again. What was said meanwhile may have been given up, loudly."""
        self.spoilt.discard(visit)
        self.observer.trouble()

    def heard_of(self, mark: str) -> None:
        """A deed is said: where a row is spoilt, it may be given up."""
        if self.spoilt:
            self.unheard.add(mark)

    def _arrives(self, message: Message) -> None:
        self.tell("arrives", f"{self.town.name(message.person_id)} {message.template}")
        self._show(message.person_id, message.text)
        self.phones[message.person_id].show(message)

    def _show(self, person_id: UUID, text: str) -> None:
        self.screens.setdefault(self.town.name(person_id), []).append((self.clock.steady(), text))

    def calm_down(self) -> None:
        """From now on nothing goes wrong."""
        self.faults = self.network.faults = CALM
        self.away = False
        self._doom = None
        self.network.down.clear()
        self.tell("calm")
