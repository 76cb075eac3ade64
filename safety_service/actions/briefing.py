"""The briefing: what somebody must know of a family before they go, the dangerous first; and who has read it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import circle, families, planning
from safety_service.actions.actor import Actor
from safety_service.actions.apart import apart
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.families import Family
from safety_service.actions.planning import PlanRequest
from safety_service.actions.telling import Priority, tell
from safety_service.domain.plan import Measure
from safety_service.domain.refusal import Refused
from safety_service.domain.risk import Because
from safety_service.domain.words import Risk
from safety_service.store import briefings, items, measures, notices, people, undertakings, visits
from safety_service.store.briefings import Told
from safety_service.store.database import Tx
from safety_service.store.items import Item
from safety_service.store.undertakings import Undertaking
from safety_service.store.visits import VisitRow, Wanted

#: So many of the last visits are said in a line each; so many are looked through for when the child was seen.
LAST = 2
LOOKED_THROUGH = 20
LONGEST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A visit in a line: the day, how it was, what was met (in the guidance's words), whether the child was seen."""

    on: date
    mood: str
    seen: str
    met: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """All of it. `number`: of the plan that it goes with; `read_at`: when the reader said that they had read this one.

    `needs`: communication needs in words, with their detail; `seen_alone_on`: when the child (or adult) was last seen
    alone, in the `looked_at` last debriefs.
    """

    family: Family
    number: int
    risk: Risk
    because: tuple[Because, ...]
    measures: tuple[Measure, ...]
    past: tuple[Past, ...]
    seen_alone_on: date | None
    looked_at: int
    undertakings: tuple[Undertaking, ...]
    items: tuple[Item, ...]
    needs: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    visit: VisitRow | None
    #: The last one on which the reader went, for a summary that is still to be written.
    last_visit_id: UUID | None
    read_at: datetime | None
    #: Whom to ask.
    managers: tuple[str, ...]


async def of(tx: Tx, actor: Actor, ref: str) -> Briefing:
    """Read the briefing of a family. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "briefing")
    return await made_for(tx, actor, family)


async def made_for(tx: Tx, actor: Actor, family: Family) -> Briefing:
    """The briefing as the actor reads it, for whoever has been let see the family already."""
    zone = await circle.zone_of(tx, actor.agency_id)
    visit, risk, because = await judged_now(tx, actor, family)
    number = await briefings.plan_number(tx, family.id)
    told = await briefings.last_told(tx, family.id, LOOKED_THROUGH)
    guidance = (await tx.guidance(actor.agency_id)).guidance
    alone = [each.starts_at for each in told if each.answers.get("seen") == "alone"]
    asked = await people.many(tx, await families.to_ask(tx, family.row))
    return Briefing(
        family=family,
        number=number,
        risk=risk,
        because=because,
        measures=tuple(await measures.in_force(tx, family.id)),
        past=tuple(_past(each, zone, guidance.says) for each in told[:LAST]),
        seen_alone_on=alone[0].astimezone(zone).date() if alone else None,
        looked_at=len(told),
        undertakings=tuple(await undertakings.open_of_family(tx, family.id)),
        items=tuple(await items.open_of_family(tx, family.id)),
        needs=tuple((guidance.says("needs", each.key), each.detail) for each in family.record.needs),
        notices=await notices.kinds_of(tx, actor.agency_id),
        visit=visit,
        last_visit_id=await _last_visit(tx, actor, family),
        read_at=await briefings.read_at(tx, family.id, actor.person_id, number),
        managers=tuple(sorted(each.name for each in asked.values() if each.id != actor.person_id)),
    )


async def confirm(tx: Tx, actor: Actor, ref: str) -> int:
    """The actor has read it: once for each version of the plan, whose number this gives. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    number = await briefings.plan_number(tx, family.id)
    visit = await _next_visit(tx, actor, family)
    mine = visit.id if visit is not None and actor.person_id in visit.workers else None
    if await briefings.mark(tx, family.id, actor.person_id, number, mine):
        await keep(
            tx, actor, actor.agency_id, "confirmed", subject="briefing", subject_id=family.id, plan_number=number
        )
    return number


async def ask(tx: Tx, actor: Actor, ref: str, question: str) -> int:
    """Ask the managers something before going; how many messages went out. Raises NotFound; Refused."""
    family = await families.known(tx, actor, ref)
    if not question.strip():
        raise Refused("question_wanted")
    params = {
        "worker": actor.name,
        "worker_phone": (await people.get(tx, actor.person_id)).phone,
        "ref": family.ref,
        "note": question.strip()[:LONGEST],
        "page": families.page_of(family.ref, "briefing"),
    }
    whom = await families.to_ask(tx, family.row) - {actor.person_id}
    sent = await tell(tx, whom, "briefing.asked", params, priority=Priority.QUESTION, about=actor.person_id)
    await keep(tx, actor, actor.agency_id, "asked", subject="briefing", subject_id=family.id, sent=sent)
    return sent


async def wanted(tx: Tx, actor: Actor, ref: str) -> str | None:
    """The path of the briefing, where there is something to read that the actor has not said they have read.

    The same None for what they may not know of, or are asked why they open. It reads nothing out, so nothing is
    logged; and where it fails, the visit that it is offered with is planned all the same.
    """
    return await apart(tx, _wanted(tx, actor, ref), None, "whether there is a briefing to be read")


async def _wanted(tx: Tx, actor: Actor, ref: str) -> str | None:
    try:
        family = await families.known(tx, actor, ref)
    except (NotFound, Refused):
        return None
    number = await briefings.plan_number(tx, family.id)
    if await briefings.read_at(tx, family.id, actor.person_id, number) is not None:
        return None
    if number or family.record != type(family.record)() or await _anything(tx, family.id):
        return families.page_of(family.ref, "briefing")
    return None


async def _anything(tx: Tx, family_id: UUID) -> bool:
    """Facts, measures, debriefs, open items, undertakings: whatever stands in a briefing."""
    if await briefings.has_facts(tx, family_id) or await briefings.last_told(tx, family_id, 1):
        return True
    if await measures.in_force(tx, family_id) or await items.open_of_family(tx, family_id):
        return True
    return bool(await undertakings.open_of_family(tx, family_id))


async def judged_now(tx: Tx, actor: Actor, family: Family) -> tuple[VisitRow | None, Risk, tuple[Because, ...]]:
    """The next visit, and the risk as it is judged now, for whoever has been let see the family already."""
    visit = await _next_visit(tx, actor, family)
    return visit, *await _risk(tx, actor, family, visit)


async def _next_visit(tx: Tx, actor: Actor, family: Family) -> VisitRow | None:
    """The actor's own next visit there, else the next of anybody's."""
    coming = Wanted(agency_id=actor.agency_id, family_id=family.id, live=True, newest_first=False)
    own = await visits.listed(tx, replace(coming, worker_id=actor.person_id), 1)
    found: Sequence[VisitRow] = own or await visits.listed(tx, coming, 1)
    return found[0] if found else None


async def _last_visit(tx: Tx, actor: Actor, family: Family) -> UUID | None:
    been = Wanted(agency_id=actor.agency_id, family_id=family.id, worker_id=actor.person_id, until=tx.now)
    found = await visits.listed(tx, been, 1)
    return found[0].id if found else None


async def _risk(tx: Tx, actor: Actor, family: Family, visit: VisitRow | None) -> tuple[Risk, tuple[Because, ...]]:
    """As it is judged now, for the next visit where there is one."""
    if visit is None:
        minute = timedelta(minutes=1)
        request = PlanRequest(family_ref=family.ref, starts_at=tx.now, ends_at=tx.now + minute)
    else:
        request = PlanRequest(
            family_ref=family.ref,
            starts_at=max(visit.visit.starts_at, tx.now),
            ends_at=max(visit.visit.ends_at, tx.now),
            workers=tuple(visit.workers),
            answers=visit.answers,
        )
    return await planning.judge_risk(tx, actor, request)


def _past(told: Told, zone: ZoneInfo, says: Callable[[str, str], str]) -> Past:
    answers = told.answers
    met = answers.get("met") or ()
    return Past(
        on=told.starts_at.astimezone(zone).date(),
        mood=str(answers.get("mood") or ""),
        seen=str(answers.get("seen") or ""),
        met=tuple(says("behaviours", str(key)) for key in met),
    )
