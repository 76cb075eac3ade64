"""The debrief log, figures, what was done, and supervision: with three months behind them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from safety_service.actions import event_chain, filters, reviews
from safety_service.domain.words import Role
from safety_service.store import people, teams
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.visits import visit, watch
from scheduler.summing import Summing
from tests.browser.catalogue import Shown
from tests.browser.town import Town
from tests.debriefs import given
from tests.world import World

PAGES = (
    Shown(name="log", who="Mia", path="/log"),
    Shown(name="log-worker", who="Ann", path="/log"),
    Shown(name="log-narrowed", who="Mia", path="/log?behaviour=argued&from=2026-09-01"),
    Shown(name="log-kept", who="Mia", path="/log?kept={filter}"),
    Shown(name="log-nothing", who="Mia", path="/log?look={zebra}"),
    Shown(name="log-look-over", who="Ann", path="/log?look={zebra}"),
    Shown(name="log-debrief", who="Mia", path="/log/{debrief}?reviewed=no"),
    Shown(name="log-debrief-own", who="Ann", path="/log/{debrief}"),
    Shown(name="log-export", who="Mia", path="/log/export"),
    Shown(name="trends", who="Mia", path="/log/trends"),
    Shown(name="figures", who="Mia", path="/figures"),
    Shown(name="figures-year", who="Rita", path="/figures?from=2026-01-01&to=2026-12-31"),
    Shown(name="figures-alone", who="Mia", path="/figures?team={alone}"),
    Shown(name="figures-behind", who="Mia", path="/figures/behind?what=asked_again"),
    Shown(name="evidence", who="Mia", path="/evidence"),
    Shown(name="evidence-sealed", who="Adam", path="/evidence?what=families"),
    Shown(name="evidence-own", who="Ann", path="/evidence"),
    Shown(name="evidence-checked", who="Mia", path="/evidence", pressed=("Check it now",)),
    Shown(name="supervision", who="Mia", path="/supervision"),
    Shown(name="supervision-agenda", who="Mia", path="/people/{ann}/supervision"),
    Shown(name="supervision-own", who="Ann", path="/people/{ann}/supervision"),
    Shown(name="supervision-days", who="Dev", path="/people/{ann}/supervision"),
    Shown(name="supervision-record", who="Mia", path="/people/{ann}/supervision/record"),
    Shown(name="supervision-wish", who="Ann", path="/people/{ann}/supervision/wish"),
)
#: Who, which family, how hard it was, what was met, what was told; each some days before the one before it.
BEFORE: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("Cas", "M-117", "none", (), "Tea, the letter from the school, a plan for next week."),
    ("Dot", "T-118", "medium", ("argued",), "He blocked the stairs. I left after ten minutes."),
    ("Ann", "K-204", "low", ("put_off",), "Not today, they said through the door."),
    ("Eli", "R-330", "none", (), "All well. The little one showed me her drawing."),
    ("Ben", "K-204", "medium", ("argued", "no_answer"), "She shouted that we are all the same."),
    ("Cas", "T-118", "low", ("agreed",), "They agreed to everything and signed nothing."),
    ("Dot", "M-117", "none", (), "A quiet visit."),
    ("Ann", "R-330", "high", ("open_threat",), "He said he would wait for me at the car."),
    ("Eli", "T-118", "low", ("no_answer",), "In, but nobody answered any question."),
    ("Ben", "M-117", "none", (), "Spoke with both of them about the holidays."),
    ("Cas", "K-204", "medium", ("argued",), "A row about the last letter."),
)
TIMES = 3
STEP = timedelta(days=2, hours=5)


async def prepare(town: Town) -> None:
    """More people, three months of what they told, a filter that is kept, and everything counted and linked."""
    world = town.world
    await town.are_out(Ann="silent", Ben="inside")
    await _more_people(town)
    await _told(world)
    kept = await world.do("Mia", filters.keep_filter, "log", "Rows, since summer", {"behaviour": "argued"})
    town.at["filter"] = str(kept)
    town.at["zebra"] = str(await world.do("Mia", filters.look_for, "log", {"q": "zebra"}))
    await counted(world)
    async with world.database.transaction() as tx:
        await event_chain.extend(tx, 10_000)


async def counted(world: World) -> None:
    """What the clock does once a minute."""
    await Summing(world.database, "test").once()


async def _more_people(town: Town) -> None:
    world = town.world
    async with world.database.transaction() as tx:
        for who, name in (("Cas", "Cas Okoro"), ("Dot", "Dot Ferris"), ("Eli", "Eli Brandt")):
            person = await people.add(tx, world.agency_id, name, email=f"{who.lower()}@example.org")
            await people.set_roles(tx, person.id, world.team_id, frozenset({Role.PRACTITIONER}))
            world.ids[who] = person.id
        alone = await teams.add(tx, world.agency_id, "Quay Street")
        await people.set_roles(tx, world.ids["Mia"], alone.id, frozenset({Role.MANAGER}))
        await people.set_roles(tx, world.ids["Cas"], alone.id, frozenset({Role.PRACTITIONER}))
    town.at["alone"] = str(alone.id)


async def _told(world: World) -> None:
    at = world.now
    for number, (who, ref, severity, met, said) in enumerate(BEFORE * TIMES):
        at -= STEP
        asked = at - timedelta(hours=40 if number % 5 == 0 else 3)
        made = await given(
            world,
            who,
            ref=ref,
            after=60 + number,
            severity=severity,
            behaviours=met,
            answers={"happened": said},
            asked_at=asked,
            submitted_at=at,
            first_part_at=at,
        )
        await _was(world, made)
        if number % 3 == 1 and severity in ("medium", "high"):
            await world.do("Dev", reviews.review, made, "Talked it through; two of us go next time.")


async def _was(world: World, debrief_id: UUID) -> None:
    """The visit was then, and is over."""
    async with world.database.transaction() as tx:
        row = (await tx.conn.execute(select(debrief).where(debrief.c.id == debrief_id))).one()
        times = {"starts_at": row.asked_at - timedelta(hours=1), "ends_at": row.asked_at - timedelta(minutes=20)}
        over = {"phase": "done", "due_at": None, "alarm_at": None, "next_at": None, "stage": None}
        await tx.conn.execute(update(visit).where(visit.c.id == row.visit_id).values(status="closed", **times))
        await tx.conn.execute(update(watch).where(watch.c.visit_id == row.visit_id).values(**over))
