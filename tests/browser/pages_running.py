"""The rota, people and the policy: what is run from a desk, and now and then from a phone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from safety_service.actions import duty, leave, rota_changes
from safety_service.actions.reached_by import PROVIDERS
from safety_service.store import channels, rota, stamps, teams
from tests.browser.catalogue import Shown
from tests.browser.town import Town

PAGES = (
    Shown(name="duty", who="Mia", path="/duty"),
    Shown(name="duty-asked", who="Dev", path="/duty"),
    Shown(name="duty-worker", who="Ben", path="/duty"),
    Shown(name="rota", who="Adam", path="/rota"),
    Shown(name="rota-week", who="Mia", path="/rota/{team}?day={next_week}"),
    Shown(name="rota-put-on", who="Mia", path="/rota/{team}/on"),
    Shown(name="rota-shift", who="Mia", path="/rota/shifts/{shift}"),
    Shown(name="rota-leave", who="Mia", path="/rota/{team}/leave"),
)
POSTS = (("Mia", "manager_on_duty"), ("Dev", "deputy_on_duty"))


async def prepare(town: Town) -> None:
    """Two weeks of duty, with a hole in the second; somebody on leave; a post that is offered."""
    await _rota(town)
    world = town.world
    async with world.database.transaction() as tx:
        await teams.add(tx, world.agency_id, "South")
        await stamps.stamp(tx, PROVIDERS, {"kinds": ["voice", "sms", "email"]})
        made = await channels.link(tx, world.ids["Mia"], "voice", "+447700900123")
        await channels.prove(tx, made.id, "active")
    until = world.now + timedelta(hours=6)
    await world.do("Mia", duty.hand_over, "manager_on_duty", until, world.ids["Dev"])


async def _rota(town: Town) -> None:
    """Day about, from eight to eight; one evening is forgotten, and somebody is on leave."""
    world = town.world
    morning = world.now.replace(hour=8, minute=0, second=0, microsecond=0)
    monday = morning - timedelta(days=world.now.weekday())
    town.at |= {"team": str(world.team_id), "next_week": f"{monday + timedelta(days=7):%Y-%m-%d}"}
    async with world.database.transaction() as tx:
        for each in await rota.between(tx, [world.team_id], world.now, world.now + timedelta(days=90)):
            await rota.remove(tx, each.id)
        for number in range(14):
            begins = monday + timedelta(days=number)
            for place, (_, post) in enumerate(POSTS):
                who = POSTS[(number + place + 1) % 2][0]
                ends = begins + timedelta(hours=9 if (number, place) == (9, 0) else 24)
                shift = rota.new_shift(world.team_id, post, world.ids[who], begins, ends)
                await rota.add(tx, shift, by=None)
                town.at[f"shift_{number}_{place}"] = str(shift.id)
    away = monday + timedelta(days=11)
    await world.do("Mia", leave.add, world.ids["Dev"], away, away + timedelta(days=1))
    town.at["shift"] = town.at["shift_8_1"]
    begins = monday + timedelta(days=8, hours=2)
    covered = UUID(town.at["shift"])
    await world.do("Mia", rota_changes.cover, covered, world.ids["Dev"], begins, begins + timedelta(hours=4))
