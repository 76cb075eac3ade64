"""A small agency for tests that go through the actions: people, duty, a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from safety_service.actions import opening, planning, sweeping, words
from safety_service.actions.actor import Actor, load_actor
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Receipt, Word
from safety_service.domain.words import Role
from safety_service.store import agencies, alerts, channels, outbox, people, policies, rota, standing, teams, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.clock import SetClock
from safety_service.store.database import Database, Tx
from safety_service.store.outbox import Outgoing
from safety_service.store.visits import VisitRow

Result = TypeVar("Result")
MINUTE = timedelta(minutes=1)

#: name, roles, post on duty
PEOPLE = (
    ("Ann", {Role.PRACTITIONER}, None),
    ("Ben", {Role.PRACTITIONER}, None),
    ("Mia", {Role.MANAGER}, "manager_on_duty"),
    ("Dev", {Role.MANAGER}, "deputy_on_duty"),
    ("Rita", {Role.REVIEWER}, None),
    ("Adam", {Role.ADMINISTRATOR}, None),
)


@dataclass
class World:
    """One agency with one team; everybody has a Telegram chat. Times move by `later`."""

    database: Database
    agency_id: UUID
    team_id: UUID
    ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def clock(self) -> SetClock:
        """The clock of the database."""
        assert isinstance(self.database.clock, SetClock)
        return self.database.clock

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.clock.at

    def name(self, person_id: UUID | None) -> str:
        """Whose id this is."""
        return next((name for name, each in self.ids.items() if each == person_id), "nobody")

    async def do(self, who: str, action: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
        """One action of one person in a transaction of its own."""
        async with self.database.transaction() as tx:
            return await action(tx, await self.actor(tx, who), *args, **kwargs)

    async def actor(self, tx: Tx, who: str) -> Actor:
        """This person as an actor."""
        return await load_actor(tx, self.ids[who], "telegram")

    async def plan(self, who: str = "Ann", *, minutes: int = 45, after: int = 0, **more: Any) -> VisitRow:
        """Plan a visit that starts `after` minutes from now."""
        starts_at = self.now + after * MINUTE
        request = PlanRequest(
            family_ref=more.pop("ref", "F-1"),
            starts_at=starts_at,
            ends_at=starts_at + minutes * MINUTE,
            address_text=more.pop("address", "1 Elm Row"),
            purpose="plan",
            **more,
        )
        return await self.do(who, planning.plan_visit, request)

    async def opens(self, who: str, ref: str = "F-1") -> None:
        """Say why they look into a family with which they have nothing to do now."""
        await self.do(who, opening.open_family, ref, "asked to look into it")

    async def inside(self, who: str = "Ann", **more: Any) -> VisitRow:
        """Plan a visit and begin it."""
        row = await self.plan(who, **more)
        await self.do(who, words.begin, row.id, Word())
        return await self.visit(row.id)

    async def ok(self, row: VisitRow, who: str = "Ann", said_at: datetime | None = None) -> Receipt:
        """The worker says OK."""
        return await self.do(who, words.ok, row.id, Word(said_at=said_at))

    async def visit(self, visit_id: UUID) -> VisitRow:
        """The visit as it is now."""
        async with self.database.reading() as tx:
            row = await visits.load(tx, visit_id)
        assert row is not None
        return row

    async def alerts(self) -> list[AlertRow]:
        """Every alert of the agency, newest first."""
        async with self.database.reading() as tx:
            return await alerts.listed(tx, alerts.WantedAlerts(agency_id=self.agency_id), 1000)

    async def alert(self) -> AlertRow:
        """The one alert that there is."""
        rows = await self.alerts()
        assert len(rows) == 1, [each.alert.kind for each in rows]
        return rows[0]

    async def sweep(self) -> int:
        """What the clock does now, until nothing is due."""
        done = 0
        for each in (sweeping.sweep_watches, sweeping.sweep_alerts, sweeping.sweep_rings):
            async with self.database.transaction() as tx:
                done += await each(tx, 500)
        return done + (await self.sweep() if done else 0)

    async def later(self, minutes: float, *, step: float = 0.25) -> None:
        """Let time pass in small steps, sweeping as the service does, everything that goes out being taken."""
        until = self.now + timedelta(minutes=minutes)
        while self.now < until:
            self.clock.move(min(timedelta(minutes=step), until - self.now))
            await self.sweep()
            await self.deliver()

    async def jump(self, minutes: float) -> None:
        """Let time pass with nobody watching."""
        self.clock.move(timedelta(minutes=minutes))

    async def deliver(self) -> list[Outgoing]:
        """Take everything that is waiting to go out, as a provider would."""
        async with self.database.transaction() as tx:
            taken = await outbox.lease(tx, ["telegram"], 1000, "test", MINUTE, most=9)
            for each in taken:
                await outbox.record(tx, each.id, "sent", sent_at=tx.now, reached_at=tx.now)
        self.sent.extend(taken)
        return taken

    sent: list[Outgoing] = field(default_factory=list)

    def told(self, who: str, template: str = "") -> list[Outgoing]:
        """What this person was sent, of templates that begin so."""
        return [each for each in self.sent if each.person_id == self.ids[who] and each.template.startswith(template)]


def by_day() -> str:
    """A policy for services that live by this machine's clock: whenever they are tested, night is half a day away.

    By night more is said, such as that nothing wakes somebody.
    """
    far = datetime.now(UTC) + timedelta(hours=12)
    return f'[night]\nhours = ["{far:%H:%M}", "{far + MINUTE:%H:%M}"]\n'


async def build(database: Database, *, policy: str | None = None) -> World:
    """The agency, its team, and everybody on duty for a month."""
    async with database.transaction() as tx:
        agency = await agencies.add(tx, "Elmshire", office_phone="01632 960000", demonstration=True)
        team = await teams.add(tx, agency.id, "North")
        world = World(database, agency.id, team.id)
        for name, roles, post in PEOPLE:
            await _person(tx, world, name, frozenset(roles), post)
        for name in ("Dev", "Adam"):
            await standing.add(tx, agency.id, world.ids[name])
        if policy is not None:
            await policies.apply(tx, policy, "test", "a test")
    return world


async def _person(tx: Tx, world: World, name: str, roles: frozenset[Role], post: str | None) -> None:
    person = await people.add(
        tx, world.agency_id, name, email=f"{name.lower()}@example.org", phone=f"07700 9000{len(world.ids):02}"
    )
    world.ids[name] = person.id
    await people.set_roles(tx, person.id, world.team_id, roles)
    await channels.link(tx, person.id, "telegram", f"chat-{name}")
    if post is not None:
        shift = rota.new_shift(world.team_id, post, person.id, tx.now - MINUTE, tx.now + timedelta(days=30))
        await rota.add(tx, shift, by=None)
