"""The board as managers and colleagues see it, and a worker's own day, outside and inside."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Role
from safety_service.store import channels, people, rota
from tests.browser.catalogue import Shown
from tests.browser.town import EASY, HARD, Town
from tests.guidance.at_plans import trained

PAGES = (
    Shown(name="board", who="Mia", path="/board"),
    Shown(name="board-worker", who="Cas", path="/board"),
    Shown(name="today", who="Cas", path="/today"),
    Shown(name="today-inside", who="Ben", path="/today"),
)


async def prepare(town: Town) -> None:
    """A third worker, whose first visit nobody went on; and an evening for which nobody stands in."""
    world = town.world
    await _third_worker(town)
    missed = await world.plan("Cas", ref="T-118", address="4 Quay Street, Sampleton", minutes=90)
    told = await world.inside("Cas", ref=EASY, address="9 Mill Lane, Sampleton", minutes=20)
    await world.do("Cas", words.left, told.id, Word())
    for _ in range(3):
        await world.later(7)
        await world.do("Ben", words.ok, UUID(town.at["inside"]), Word())
    raised = next(each for each in await world.alerts() if each.alert.visit_id == missed.id)
    await world.do("Mia", alerts.resolve, raised.id, "late", "heard_voice")
    await world.plan("Cas", ref=HARD, after=35, address="12 Example Street, Sampleton", answers={"raise": "yes"})
    both = (world.ids["Cas"], world.ids["Ben"])
    await world.plan("Cas", ref=EASY, after=150, address="9 Mill Lane, Sampleton", workers=both)
    await _evening(town)


async def _third_worker(town: Town) -> None:
    world = town.world
    async with world.database.transaction() as tx:
        person = await people.add(tx, world.agency_id, "Cas Okoro", email="cas@example.org", phone="07700 900046")
        await people.set_roles(tx, person.id, world.team_id, frozenset({Role.PRACTITIONER}))
        await channels.link(tx, person.id, "telegram", "chat-Cas")
    world.ids["Cas"] = person.id
    await trained(world, "Cas")


async def _evening(town: Town) -> None:
    """The deputy's shift ends at six."""
    world = town.world
    async with world.database.transaction() as tx:
        for each in await rota.between(tx, [world.team_id], tx.now, tx.now + timedelta(days=90)):
            if each.post == "deputy_on_duty":
                await rota.end(tx, each, tx.now.replace(hour=18, minute=0))
