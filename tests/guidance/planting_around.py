"""What is kept, decided and said around a family: each with words that not everybody may read."""

from __future__ import annotations

from datetime import timedelta

from safety_service.actions import (
    briefing,
    chases,
    courses,
    debrief_addenda,
    facts,
    families,
    items,
    measures,
    meetings,
    opening,
    partners,
    reviews,
    sharing,
    summaries,
    supervision,
    undertakings,
)
from safety_service.actions.courses import Direction
from safety_service.actions.facts import NewFact
from safety_service.actions.measures import Verdict
from safety_service.actions.supervision import Judged, NewItem, Said
from safety_service.actions.undertakings import Terms
from safety_service.domain.course import CourseKind
from safety_service.domain.gathering import Agreed, Call, Kind, Outcome, Parents
from safety_service.domain.plan import MeasureDecision
from safety_service.domain.sharing import Basis, Decided
from safety_service.domain.supervising import View
from safety_service.store import families as family_rows
from safety_service.store import items as item_rows
from safety_service.store import measures as measure_rows
from safety_service.store import shares as share_rows
from safety_service.store import undertakings as undertaking_rows
from safety_service.store import visits as visit_rows
from safety_service.store.visits import Wanted
from tests.guidance.marks import Town
from tests.guidance.planting import tries

DAY = timedelta(days=1)


async def says_why(town: Town, who: str, ref: str) -> None:
    """Somebody who has nothing to do with it now looks into a family; its managers read why."""
    reason = f"asked to look {town.mark('opening', 'reason', ref, who)}"
    await tries(town, who, opening.open_family, ref, reason)


async def records(town: Town, who: str, ref: str) -> None:
    """Name, household, addresses, promises and the rest."""

    def word(where: str) -> str:
        return town.mark("family", where, ref)

    async with town.database.reading() as tx:
        row = await family_rows.load(tx, town.world.agency_id, ref)
    if row is None:
        return
    record = {
        "name": word("name"),
        "household": [{"who": word("who"), "relation": word("relation"), "did": word("did")}],
        "addresses": [{"text": word("place"), "note": word("place's note")}],
        "lead": {"name": word("lead"), "phone": word("lead's phone")},
        "assessments": [{"what": word("assessment"), "found": word("found")}],
        "culture": {"advice": word("culture"), "giver": word("giver")},
        "trusted": {"name": word("trusted")},
        "role": [{"what": word("role")}],
        "promises": [{"what": word("promise"), "by": "us", "why": word("why")}],
        "practical": {"dog": word("dog"), "parking": word("parking"), "other": word("other")},
        "only_us": word("only us"),
    }
    await tries(town, who, families.change, ref, row.version, record)


async def knows_a_fact(town: Town, who: str, ref: str) -> None:
    """A risk fact by hand."""
    given = NewFact(
        kind="other",
        on=town.world.now.date(),
        source="police",
        says=town.mark("family", "fact", ref),
        told="no",
        told_why=town.mark("family", "told why", ref),
        their_view=town.mark("family", "their view", ref),
    )
    await tries(town, who, facts.add, ref, given)


async def brings_an_agency(town: Town, who: str, ref: str) -> None:
    """Another agency, its contact, and one that must not learn of anything."""
    given = {
        "organisation": town.mark("family", "organisation", ref),
        "contact": {"name": town.mark("family", "contact", ref), "phone": "01632 960111"},
        "withheld": town.mark("family", "withheld", ref),
    }
    await tries(town, who, partners.add, ref, given)
    await tries(town, who, partners.add, ref, {**given, "kept_out": town.mark("family", "kept out", ref)})


async def shares(town: Town, who: str, ref: str) -> None:
    """Whatever waits is shared, or withheld."""
    async with town.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, town.world.agency_id, ref)
        found = [] if family_id is None else await share_rows.of_family(tx, family_id)
    for number, each in enumerate(found):
        made = sharing.Decision(
            decided=Decided.WITHHOLD if number % 3 == 2 else Decided.SHARE,
            basis=Basis.PROTECT_WORKER,
            basis_note=town.mark("desk", "basis", ref),
            reason=town.mark("desk", "reason", ref),
            unverified_known=True,
        )
        seen = await tries(town, who, sharing.decide, each.id, made)
        if seen is not None and seen.token is not None:
            town.links.append(seen.token)


async def undertakes(town: Town, who: str, ref: str) -> None:
    """Something is expected of the family, and it is broken."""

    def word(where: str) -> str:
        return town.mark("family", where, ref)

    terms = Terms(
        concern=word("concern"),
        expected=word("expected"),
        otherwise=word("otherwise"),
        told=word("told"),
        told_on=town.world.now.date(),
        review_on=(town.world.now + 7 * DAY).date(),
        agencies={word("agency"): word("does")},
    )
    await tries(town, who, undertakings.make, ref, terms)
    async with town.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, town.world.agency_id, ref)
        found = [] if family_id is None else await undertaking_rows.of_family(tx, family_id)
    for each in found:
        await tries(town, who, undertakings.note, each.id, "broken", word("note"))


async def decides(town: Town, who: str, ref: str) -> None:
    """Each measure that is proposed is decided: changed, refused, or accepted."""
    async with town.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, town.world.agency_id, ref)
        found = [] if family_id is None else await measure_rows.open_of(tx, family_id)
    for number, each in enumerate(found):
        kind = (MeasureDecision.CHANGE, MeasureDecision.REFUSE, MeasureDecision.ACCEPT)[number % 3]
        changes = {"says": town.mark("family", "measure", ref), "who": town.mark("family", "who sees to it", ref)}
        verdict = Verdict(
            kind=kind,
            reason=town.mark("family", "reason", ref),
            changes=changes if kind is MeasureDecision.CHANGE else {},
        )
        await tries(town, who, measures.decide, each.id, verdict)


async def directs(town: Town, who: str, ref: str) -> None:
    """How the work goes on."""
    until_on = (town.world.now + 7 * DAY).date()
    reason = town.mark("family", "course", ref)
    direction = Direction(kind=CourseKind.WITH_MEASURES, reason=reason, until_on=until_on)
    await tries(town, who, courses.for_family, ref, direction)


async def meets(town: Town, who: str, ref: str) -> None:
    """A meeting is called, and held."""

    def word(where: str) -> str:
        return town.mark("family", where, ref)

    wanted = Call(
        kind=Kind.RISK,
        meets_at=town.world.now + DAY,
        why=word("meeting's why"),
        parents=Parents.EXCLUDED,
        parents_why=word("parents"),
        share_what=word("share what"),
        share_how=word("share how"),
        share_when=word("share when"),
    )
    called = await tries(town, who, meetings.call, ref, wanted)
    if called is None:
        return
    outcome = Outcome(
        notes=word("notes"),
        review_on=(town.world.now + 9 * DAY).date(),
        decisions=(Agreed(what=word("decided"), who=word("by whom")),),
        told=word("told family"),
    )
    await tries(town, who, meetings.hold, called.row.id, outcome)


async def supervises_ann(town: Town, who: str, ref: str) -> None:
    """What was said between worker and supervisor."""

    def word(where: str) -> str:
        return town.mark("supervision", where, ref, "Ann")

    await tries(town, "Ann", supervision.wish, word("wish"), ref)
    judged = Judged(
        family_ref=ref,
        worker=View.HIGH,
        worker_why=word("worker's why"),
        supervisor=View.LOW,
        supervisor_why=word("supervisor's why"),
    )
    said = Said(notes=word("notes"), agreed=word("agreed"), opened=(NewItem(text=word("item")),), judgements=(judged,))
    if await tries(town, who, supervision.record, town.world.ids["Ann"], said) is None:
        await tries(town, who, supervision.record, town.world.ids["Ann"], Said(notes=word("notes alone")))


async def talks_about_it(town: Town, who: str, ref: str) -> None:
    """Comments, a review and an addendum to the last debrief; items are closed."""
    if not town.debriefs:
        return
    debrief_id = town.debriefs[-1]
    owner, where = town.whose[debrief_id]
    await tries(town, who, reviews.comment, debrief_id, town.mark("debrief", "comment", where, owner))
    await tries(town, who, reviews.review, debrief_id, town.mark("debrief", "review", where, owner))
    added = town.mark("debrief", "addendum", where, owner)
    await tries(town, owner, debrief_addenda.add_addendum, debrief_id, added)
    async with town.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, town.world.agency_id, ref)
        found = [] if family_id is None else await item_rows.open_of_family(tx, family_id)
    for each in found[:2]:
        note = town.mark("item", "item's note", ref, town.world.name(each.worker_id))
        await tries(town, who, items.close_item, each.id, note)


async def sums_up(town: Town, who: str, ref: str) -> None:
    """What the family takes away from the last visit there."""

    def word(where: str) -> str:
        return town.mark("family", where, ref)

    async with town.database.reading() as tx:
        family_id = await family_rows.by_ref(tx, town.world.agency_id, ref)
        wanted = Wanted(agency_id=town.world.agency_id, family_id=family_id)
        found = [] if family_id is None else await visit_rows.listed(tx, wanted, 1)
    for each in found:
        said = {"purpose": word("summary"), "done": word("summary's done"), "otherwise": word("summary's otherwise")}
        await tries(town, who, summaries.write, each.id, said)


async def asks(town: Town, who: str, ref: str) -> None:
    """The briefing is confirmed, and something is asked."""
    await tries(town, who, briefing.confirm, ref)
    await tries(town, who, briefing.ask, ref, town.mark("desk", "question", ref))


async def time_passes(town: Town, who: str, ref: str) -> None:
    """Two days later everything is chased."""
    town.world.clock.move(2 * DAY)
    for chase in chases.CHASES.values():
        async with town.database.transaction() as tx:
            await chase(tx, 200)
    await town.world.deliver()
