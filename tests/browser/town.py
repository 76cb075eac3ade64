"""A town in which every page has something to show: the people of the tests' world, and two days of their work.

What happens here is made up, and reads as it would: the same town is behind the pictures in the documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from safety_service.actions import (
    facts,
    families,
    measures,
    meetings,
    partners,
    reviews,
    supervision,
    undertakings,
    words,
)
from safety_service.actions.facts import NewFact
from safety_service.actions.measures import Verdict
from safety_service.actions.supervision import Judged, NewItem, Said
from safety_service.actions.undertakings import Terms
from safety_service.actions.words import Word
from safety_service.domain.gathering import Agreed, Call, Kind, Outcome
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.supervising import View
from safety_service.store import families as family_rows
from safety_service.store import items as item_rows
from safety_service.store import measures as measure_rows
from safety_service.store import people
from safety_service.store import shares as share_rows
from safety_service.store.visits import VisitRow
from tests.guidance.at_plans import the_rest, trained
from tests.guidance.telling import gives, tells
from tests.world import World

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
#: Where it is hard, where it is easy, and where somebody is now.
HARD, EASY, NEW = "K-204", "M-117", "R-330"
NAMES = {
    "Ann": "Ann Bello",
    "Ben": "Ben Whitaker",
    "Mia": "Mia Sandhu",
    "Dev": "Dev Morgan",
    "Rita": "Rita Calder",
    "Adam": "Adam Price",
}


@dataclass
class Town:
    """The world of the tests, and what the addresses of its pages name: `at["alert"]` stands for `{alert}`."""

    world: World
    at: dict[str, str] = field(default_factory=dict)

    async def are_out(self, **visits: str) -> None:
        """These have left (who, and the name of their visit), and read all pages: inside they rest."""
        for who, name in visits.items():
            await self.world.do(who, words.left, UUID(self.at[name]), Word())


async def build_town(world: World) -> Town:
    """Two days of work, and an afternoon on which one of two does not answer. It is Tuesday, a quarter to two."""
    town = Town(world, {"hard": HARD, "easy": EASY, "new": NEW, **{who.lower(): str(world.ids[who]) for who in NAMES}})
    await _named(world)
    await trained(world, "Ann", "Ben")
    await _goes_well(town)
    await _goes_badly(town)
    await _around(town)
    await _decided(town)
    await _agreed_upon(town)
    world.clock.move(DAY)
    await _out_now(town)
    return town


async def _named(world: World) -> None:
    """Whole names; Mia supervises both workers."""
    async with world.database.transaction() as tx:
        for who, name in NAMES.items():
            row = await people.get(tx, world.ids[who])
            supervisor = world.ids["Mia"] if who in ("Ann", "Ben") else row.supervisor_id
            await people.save(tx, replace(row, name=name, supervisor_id=supervisor))


async def visited(world: World, who: str, ref: str, *, address: str, minutes: int = 40) -> VisitRow:
    """They were inside for so long, are out and home."""
    row = await world.inside(who, ref=ref, address=address)
    world.clock.move(minutes * MINUTE)
    await world.do(who, words.left, row.id, Word())
    await world.do(who, words.home, row.id, Word())
    await world.deliver()
    return row


async def _goes_well(town: Town) -> None:
    """Ben's visit, told in two taps."""
    row = await visited(town.world, "Ben", EASY, address="9 Mill Lane, Sampleton", minutes=30)
    given = await gives(town.world, row, {"mood": "fine", "seen": "alone"}, "Ben")
    town.at.update(quiet_debrief=str(given.id), quiet_visit=str(row.id))
    again = await visited(town.world, "Ben", EASY, address="9 Mill Lane, Sampleton", minutes=20)
    row_draft = await tells(
        town.world,
        again,
        {"mood": "bad", "seen": "with_others", "go_on": "yes", "met": ["argued", "put_off"], "happened": "Not today."},
        "Ben",
    )
    town.at["draft"] = str(row_draft.id)


async def _goes_badly(town: Town) -> None:
    """Ann was threatened at the door, and told all of it."""
    world = town.world
    row = await visited(world, "Ann", HARD, address="12 Example Street, Sampleton", minutes=15)
    told = {
        "mood": "bad",
        "seen": "with_others",
        "go_on": "yes",
        "met": ["open_threat", "argued"],
        "happened": "He stood in the door and said that he knows my car. She called him back in.",
        "who_did": "The mother's partner",
        "tell_now": ["agencies"],
        "hurt": "no",
    }
    school = {
        "organisation": "Hill Street School",
        "contact": {"name": "Jo Field", "role": "Head", "email": "jo@school.example", "phone": "01632 960111"},
    }
    town.at["partner"] = str((await world.do("Mia", partners.add, HARD, school)).id)
    debrief = await tells(world, row, told)
    await the_rest(world, debrief, safer=["Meet in town, not at home"], account="She says that he had no sleep.")
    town.at.update(debrief=str(debrief.id), visit=str(row.id))


async def _around(town: Town) -> None:
    """What is known of the family, and who else goes there."""
    world = town.world
    async with world.database.reading() as tx:
        row = await family_rows.load(tx, world.agency_id, HARD)
    assert row is not None
    record = {
        "name": "Example",
        "household": [
            {"who": "Mother", "relation": "parent", "spoken_to": "yes"},
            {"who": "Her partner", "relation": "since spring", "did": "threatened", "spoken_to": "no"},
            {"who": "Child, 7", "relation": "child", "spoken_to": "yes"},
        ],
        "lead": {"name": "Jo Field", "role": "Head of school", "phone": "01632 960111"},
        "promises": [{"what": "A place in the breakfast club", "by": "us", "state": "kept"}],
        "practical": {"dog": "Large, behind the house", "parking": "At the corner, facing out", "signal": "One bar"},
        "trusted": {"name": "Her sister"},
    }
    await world.do("Ann", families.change, HARD, row.version, record)
    given = NewFact(kind="other", on=world.now.date(), source="police", says="A knife was found in the kitchen in May.")
    town.at["fact"] = str((await world.do("Mia", facts.add, HARD, given)).id)
    async with world.database.reading() as tx:
        found = await share_rows.of_family(tx, row.id)
    if found:
        town.at["share"] = str(found[0].id)


async def _decided(town: Town) -> None:
    """One measure is accepted, one refused; one waits."""
    world = town.world
    async with world.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, world.agency_id, HARD)
        assert family_id is not None
        found = await measure_rows.open_of(tx, family_id)
    kinds = (MeasureDecision.ACCEPT, MeasureDecision.REFUSE)
    for each, kind in zip(found, kinds, strict=False):
        await world.do("Mia", measures.decide, each.id, Verdict(kind=kind, reason="Talked it through with Ann"))
    if len(found) > len(kinds):
        town.at["measure"] = str(found[len(kinds)].id)
    async with world.database.reading() as tx:
        open_items = await item_rows.open_of_family(tx, family_id)
    if open_items:
        town.at["item"] = str(open_items[0].id)
    await world.do("Mia", reviews.comment, _id(town, "debrief"), "Rang Ann at once. The police have been told.")


async def _agreed_upon(town: Town) -> None:
    """An undertaking, a meeting that was held and one to come, and supervision."""
    world = town.world
    today = world.now.date()
    terms = Terms(
        concern="Shouting at whoever comes to the door",
        expected="Nobody raises their voice, and the dog is shut away",
        otherwise="We meet at the office from then on",
        told="Both of them, by Ann",
        told_on=today,
        review_on=today + 14 * DAY,
        agencies={"Hill Street School": "Lets us know the same day"},
    )
    town.at["undertaking"] = str((await world.do("Mia", undertakings.make, HARD, terms)).id)
    call = Call(
        kind=Kind.RISK,
        meets_at=world.now + 2 * DAY,
        why="Two of us were threatened there in one month",
        share_what="That we met, and what we decided",
        share_how="Ann tells them",
        share_when="On Thursday",
    )
    held = await world.do("Mia", meetings.call, HARD, call)
    decision = Agreed(what="Ask the landlord for a light at the door", who="Housing", due_on=today + 14 * DAY)
    ended = Outcome(notes="Nobody goes there alone until January.", review_on=today + 28 * DAY, decisions=(decision,))
    await world.do("Mia", meetings.hold, held.row.id, ended)
    coming = await world.do("Mia", meetings.call, HARD, replace(call, meets_at=world.now + 5 * DAY))
    town.at.update(meeting_held=str(held.row.id), meeting=str(coming.row.id))
    await world.do("Ann", supervision.wish, "How to tell them that two of us come", HARD)
    judged = Judged(
        family_ref=HARD, worker=View.HIGH, worker_why="He knows my car", supervisor=View.HIGH, supervisor_why="As Ann"
    )
    said = Said(
        notes="Ann sleeps badly since Monday. She wants to stay with the family.",
        agreed="Two of us go, and Ann rings Mia after each visit.",
        opened=(NewItem(text="Ask for a parking place behind the school"),),
        judgements=(judged,),
    )
    await world.do("Mia", supervision.record, world.ids["Ann"], said)


async def _out_now(town: Town) -> None:
    """Ben is inside and fine; Ann has not been heard since she went in."""
    world = town.world
    await world.later(225, step=15)
    silent = await world.inside("Ann", ref=HARD, address="12 Example Street, Sampleton", answers={"raise": "yes"})
    await world.later(18)
    fine = await world.inside("Ben", ref=NEW, address="31 Station Road, Sampleton", minutes=60)
    await world.plan("Ben", ref=EASY, after=150, address="9 Mill Lane, Sampleton")
    await world.later(2)
    raised = await world.alerts()
    town.at.update(alert=str(raised[0].id), inside=str(fine.id), silent=str(silent.id))


def _id(town: Town, name: str) -> UUID:
    return UUID(town.at[name])
