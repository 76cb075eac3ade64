"""The pages about a family, with a year behind it; the list of families, and what waits for a decision."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from safety_service.actions import opening
from safety_service.store import debriefs
from safety_service.store import families as family_rows
from safety_service.store.debriefs import Debrief, Met
from safety_service.store.ids import new_id
from safety_service.store.tables.visits import visit, watch
from tests.browser.catalogue import Shown
from tests.browser.town import DAY, Town
from tests.world import World

#: Who went, how many days before, and what they met.
YEAR = (
    ("Ben", 350, ()),
    ("Ann", 322, ("put_off",)),
    ("Ann", 301, ("put_off", "no_answer")),
    ("Ben", 280, ()),
    ("Ann", 262, ("argued",)),
    ("Ann", 255, ("argued",)),
    ("Ben", 231, ("put_off",)),
    ("Ann", 196, ()),
    ("Ann", 170, ("argued", "veiled_threat")),
    ("Ben", 168, ("put_off",)),
    ("Ann", 161, ("argued",)),
    ("Ann", 133, ("agreed",)),
    ("Ben", 104, ()),
    ("Ann", 72, ("argued", "dog")),
    ("Ann", 44, ("veiled_threat",)),
    ("Ben", 40, ()),
    ("Ann", 16, ("argued",)),
)

PAGES = (
    Shown(name="families", who="Mia", path="/families"),
    Shown(name="families-worker", who="Ben", path="/families"),
    Shown(name="families-none", who="Adam", path="/families"),
    Shown(name="family", who="Mia", path="/families/{hard}"),
    Shown(name="family-worker", who="Ann", path="/families/{hard}"),
    Shown(name="family-easy", who="Mia", path="/families/{easy}"),
    Shown(name="family-briefing", who="Ann", path="/families/{hard}/briefing"),
    Shown(name="family-briefing-as", who="Mia", path="/families/{hard}/briefing?as={ann}"),
    Shown(name="family-plan", who="Mia", path="/families/{hard}/plan"),
    Shown(name="family-plan-changes", who="Mia", path="/families/{hard}/plan/changes?from=1&to=4"),
    Shown(name="family-plan-decide-changed", who="Mia", path="/families/{hard}/plan/measures/{measure}?change=1"),
    Shown(name="family-plan-decide", who="Mia", path="/families/{hard}/plan/measures/{measure}"),
    Shown(name="family-plan-propose", who="Ann", path="/families/{hard}/plan/propose"),
    Shown(name="family-plan-course", who="Mia", path="/families/{hard}/plan/course"),
    Shown(name="family-plan-review", who="Mia", path="/families/{hard}/plan/review"),
    Shown(name="family-met", who="Mia", path="/families/{hard}/met"),
    Shown(name="family-met-quiet", who="Ben", path="/families/{easy}/met"),
    Shown(name="family-facts", who="Mia", path="/families/{hard}/facts"),
    Shown(name="family-fact", who="Mia", path="/facts/{fact}"),
    Shown(name="family-fact-new", who="Mia", path="/families/{hard}/facts/new"),
    Shown(name="family-risk-raise", who="Ann", path="/families/{hard}/risk/raise"),
    Shown(name="family-risk-lower", who="Mia", path="/families/{hard}/risk/lower"),
    Shown(name="family-around", who="Mia", path="/families/{hard}/around"),
    Shown(name="family-partner", who="Mia", path="/partners/{partner}"),
    Shown(name="family-partner-new", who="Mia", path="/families/{hard}/partners/new"),
    Shown(name="family-undertakings", who="Mia", path="/families/{hard}/undertakings"),
    Shown(name="family-undertaking", who="Mia", path="/undertakings/{undertaking}"),
    Shown(name="family-undertaking-note", who="Mia", path="/undertakings/{undertaking}/note"),
    Shown(name="family-undertaking-new", who="Mia", path="/families/{hard}/undertakings/new"),
    Shown(name="family-meetings", who="Mia", path="/families/{hard}/meetings"),
    Shown(name="family-meeting", who="Mia", path="/meetings/{meeting}"),
    Shown(name="family-meeting-new", who="Mia", path="/families/{hard}/meetings/new"),
    Shown(name="family-meeting-held", who="Mia", path="/meetings/{meeting}/held"),
    Shown(name="family-meeting-cancel", who="Mia", path="/meetings/{meeting}/cancel"),
    Shown(name="family-shares", who="Mia", path="/families/{hard}/shares"),
    Shown(name="family-share", who="Mia", path="/shares/{share}"),
    Shown(name="family-share-decide", who="Mia", path="/shares/{share}/decide"),
    Shown(name="family-kept", who="Mia", path="/families/{hard}/kept"),
    Shown(name="family-kept-change", who="Mia", path="/families/{hard}/change/household"),
    Shown(name="family-records", who="Mia", path="/families/{hard}/records"),
    Shown(name="family-open", who="Rita", path="/families/{hard}/open"),
    Shown(name="proposals", who="Mia", path="/proposals"),
)


async def prepare(town: Town) -> None:
    """A year of visits to the hard family; the next one is planned, and somebody opened its record."""
    await town.are_out(Ann="silent", Ben="inside")
    for who, days, met in YEAR:
        await past_visit(town.world, who, town.at["hard"], days, *met)
    await town.world.plan("Ann", ref=town.at["hard"], after=24 * 60, address="12 Example Street, Sampleton")
    await town.world.do("Rita", opening.open_family, town.at["hard"], "A complaint came to us: I look what was agreed")


async def past_visit(world: World, who: str, ref: str, days: int, *met: str) -> None:
    """A visit so many days ago and what was told of it, put into rows: nothing follows from it any more."""
    at = world.now - days * DAY
    row = {
        "id": new_id(),
        "agency_id": world.agency_id,
        "team_id": world.team_id,
        "status": "closed",
        "risk": "medium",
        "because": [],
        "purpose": "plan",
        "address": {"text": "12 Example Street, Sampleton"},
        "starts_at": at,
        "ends_at": at + timedelta(hours=1),
        "travel": timedelta(minutes=20),
        "outcome": "met",
        "answers": {},
        "created_at": at,
        "created_by": world.ids[who],
    }
    async with world.database.transaction() as tx:
        family_id = await family_rows.ensure(tx, world.agency_id, ref)
        known = (await tx.guidance(world.agency_id)).guidance.behaviours
        await tx.conn.execute(insert(visit).values(family_id=family_id, **row))
        its = {"visit_id": row["id"], "worker_id": world.ids[who], "phase": "done", "interval": timedelta(minutes=30)}
        await tx.conn.execute(insert(watch).values(**its))
        given = Debrief(
            id=new_id(),
            agency_id=world.agency_id,
            visit_id=its["visit_id"],  # type: ignore[arg-type]
            worker_id=world.ids[who],
            state="submitted",
            answers={"mood": "bad" if met else "fine", "seen": "alone", "met": list(met)},
            asked_at=at,
            next_at=None,
            stage=None,
            submitted_at=at,
            first_part_at=at,
            family_id=family_id,
            team_id=world.team_id,
        )
        await debriefs.add(tx, given)
        kinds = [Met(kind=e, group=known[e].group, severity=known[e].severity, on=at.date()) for e in met]
        await debriefs.add_met(tx, given, kinds)
