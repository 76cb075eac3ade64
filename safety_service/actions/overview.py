"""A family at a glance: the risk now and why, what holds, what waits, who goes, what was met. Read once, kept once."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from safety_service.actions import behaviours, briefing, circle, families, opening, reading, summaries
from safety_service.actions.actor import Actor
from safety_service.actions.families import Family
from safety_service.domain.plan import Measure
from safety_service.domain.risk import Because
from safety_service.domain.trend import Line
from safety_service.domain.words import Risk, Role
from safety_service.store import debriefs, exclusions, family_list, measures, meetings, shares, undertakings
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.family_list import Waits
from safety_service.store.meetings import Meeting
from safety_service.store.openings import Opening
from safety_service.store.summaries import Summary
from safety_service.store.undertakings import Undertaking
from safety_service.store.visits import VisitRow, Wanted

#: So many visits before, and so many to come.
FEW = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that the first page shows. What waits, what is to be shared and who opened it are for its managers."""

    family: Family
    today: date
    risk: Risk
    because: tuple[Because, ...]
    holds: tuple[Measure, ...]
    waits: Waits
    #: How many warnings to other agencies wait for a decision.
    to_share: int
    undertakings: tuple[Undertaking, ...]
    met: tuple[Line, ...]
    meetings: tuple[Meeting, ...]
    #: Of the visits that the reader may know of: those to come, the next first; and the last ones.
    coming: tuple[VisitRow, ...]
    past: tuple[VisitRow, ...]
    openings: tuple[Opening, ...]
    summaries: tuple[Summary, ...]


async def of(tx: Tx, actor: Actor, ref: str) -> Overview:
    """Read it. Raises NotFound; Refused `reason_for_opening`."""
    family = await families.read(tx, actor, ref)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    _, risk, because = await briefing.judged_now(tx, actor, family)
    called = [each for each in await meetings.of_family(tx, family.id) if each.state == "called"]
    coming, past = await _visits(tx, actor, family)
    return Overview(
        family=family,
        today=await circle.today(tx, actor.agency_id),
        risk=risk,
        because=because,
        holds=tuple(await measures.in_force(tx, family.id)),
        waits=await _waits(tx, actor, family, kept_off),
        to_share=await _to_share(tx, actor, family, kept_off),
        undertakings=tuple(await undertakings.open_of_family(tx, family.id)),
        met=tuple(await behaviours.met_at(tx, family.row.agency_id, family.id)),
        meetings=tuple(sorted(called, key=lambda each: each.meets_at)),
        coming=coming,
        past=past,
        openings=tuple(await opening.of_family(tx, actor, family)),
        summaries=tuple(await summaries.of_family(tx, family)),
    )


def manages(actor: Actor, family: Family) -> bool:
    """Whether the family is theirs to decide about."""
    return not actor.teams(Role.MANAGER).isdisjoint(family.teams)


async def _waits(tx: Tx, actor: Actor, family: Family, kept_off: KeptOff) -> Waits:
    if not manages(actor, family):
        return Waits()
    today = await circle.today(tx, actor.agency_id)
    return (await family_list.waits(tx, [family.id], today, kept_off))[family.id]


async def _to_share(tx: Tx, actor: Actor, family: Family, kept_off: KeptOff) -> int:
    if not manages(actor, family):
        return 0
    rows = [each for each in await shares.of_family(tx, family.id) if each.state == "proposed"]
    went = await debriefs.who_went(tx, {each.debrief_id for each in rows if each.debrief_id is not None})
    nobody: frozenset[UUID] = frozenset()
    return sum(not kept_off.from_matter(went.get(each.debrief_id, nobody), family.id) for each in rows)


async def _visits(tx: Tx, actor: Actor, family: Family) -> tuple[tuple[VisitRow, ...], tuple[VisitRow, ...]]:
    here = Wanted(agency_id=actor.agency_id, family_id=family.id)
    ahead = replace(here, since=tx.now, newest_first=False)
    coming = await reading.visits_of(tx, actor, ahead, FEW)
    past = await reading.visits_of(tx, actor, replace(here, until=tx.now), FEW)
    return tuple(coming.rows), tuple(past.rows)
