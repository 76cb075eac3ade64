"""The rota, people and the policy: what is run from a desk, and now and then from a phone."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from safety_service.actions import duty, exclusions, filters, leave, people_changing, policies, rota_changes
from safety_service.actions.people_changing import Details
from safety_service.actions.reached_by import PROVIDERS
from safety_service.domain.words import Role
from safety_service.store import channels, people, rota, stamps, teams
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
    Shown(name="people", who="Adam", path="/people"),
    Shown(name="people-of-a-team", who="Adam", path="/people?team={team}&look={an}"),
    Shown(name="person", who="Adam", path="/people/{mia}"),
    Shown(name="person-new", who="Adam", path="/people/new"),
    Shown(name="person-change", who="Adam", path="/people/{ann}/change"),
    Shown(name="person-roles", who="Adam", path="/people/{ann}/roles"),
    Shown(name="person-invited", who="Adam", path="/people/{ines}", pressed=("Invite: make a one-time code",)),
    Shown(name="person-deactivate", who="Adam", path="/people/{mia}/deactivate"),
    Shown(name="person-deactivate-out", who="Adam", path="/people/{ann}/deactivate"),
    Shown(name="people-import", who="Adam", path="/people/import"),
    Shown(name="people-import-wrong", who="Adam", path="/people/import", pressed=("Look at it",)),
    Shown(name="exclusions", who="Adam", path="/exclusions"),
    Shown(name="exclusion", who="Adam", path="/exclusions/{exclusion}"),
    Shown(name="exclusion-new", who="Adam", path="/people/{ben}/keep-off"),
    Shown(name="standing", who="Adam", path="/standing"),
    Shown(name="policy", who="Adam", path="/policy"),
    Shown(name="policy-check", who="Adam", path="/policy/check?from=2"),
    Shown(name="policy-checked", who="Adam", path="/policy/check?from=2", pressed=("Check it",)),
    Shown(name="policy-editions", who="Adam", path="/policy/editions"),
    Shown(name="policy-edition", who="Adam", path="/policy/editions/2"),
    Shown(name="policy-compare", who="Adam", path="/policy/compare?from=2&to=1"),
)
TIGHTER = '[risk.high]\ngrace = "2m"\n\n[night]\ncalls = 3\n'
LOOSER = '[risk.low]\ngrace = "15m"\n'
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
    await _people(town)
    await _policy(town)
    town.at["an"] = str(await world.do("Adam", filters.look_for, "people", {"q": "an"}))


async def _people(town: Town) -> None:
    """Somebody new, somebody kept off a family, a training that counts no more."""
    world = town.world
    town.at |= {each.lower(): str(world.ids[each]) for each in ("Ann", "Ben", "Mia")}
    async with world.database.transaction() as tx:
        adam = await world.actor(tx, "Adam")
        given = Details(name="Ines Roy", email="ines@example.org", phone="", supervisor_id=world.ids["Mia"])
        made = await people_changing.add(tx, adam, given, world.team_id, frozenset({Role.PRACTITIONER}))
        town.at["ines"] = str(made.id)
        kept = await exclusions.add(tx, adam, world.ids["Rita"], family_ref="K-204", reason="Her sister lives there.")
        town.at["exclusion"] = str(kept)
        await people_changing.train(tx, adam, world.ids["Mia"], "personal_safety", date(2023, 2, 1))


async def _policy(town: Town) -> None:
    """A second edition, and a third that waits for somebody else."""
    world = town.world
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Dev"], world.team_id, frozenset({Role.MANAGER, Role.ADMINISTRATOR}))
        adam = await world.actor(tx, "Adam")
        await policies.apply(tx, adam, TIGHTER, who=adam.name, why="after the review of the night of 3 November")
        dev = await world.actor(tx, "Dev")
        await policies.apply(tx, dev, LOOSER, who=dev.name, why="too many asked while they were still driving")


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
