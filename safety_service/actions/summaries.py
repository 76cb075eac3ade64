"""Contact summaries: written after a contact by whoever was there, in fields of a list; read out, printed or sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from safety_service.actions import families, matters
from safety_service.actions.access import may_say, may_see_visit
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.families import Family
from safety_service.domain.refusal import Refused
from safety_service.domain.summary import GIVEN, BadSummary, checked, must_be_whole
from safety_service.store import agencies, summaries, visits
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.summaries import Summary
from safety_service.store.visits import VisitRow

#: So many of a family's last ones are listed.
LAST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A visit's summary, or None where there is none yet; `our_number`: what it says unless something else is put."""

    visit: VisitRow
    summary: Summary | None
    our_number: str
    #: Only who was there writes it.
    mine: bool


async def of_visit(tx: Tx, actor: Actor, visit_id: UUID) -> Begun:
    """The last summary of a visit. Raises NotFound."""
    row = await _visit(tx, visit_id)
    may_see_visit(actor, await matters.of_visit(tx, row))
    found = await summaries.of_visit(tx, visit_id)
    if found is not None:
        _must_be_whole(found)
        await keep(tx, actor, actor.agency_id, "read", subject="contact_summary", subject_id=found.id)
    return Begun(visit=row, summary=found, our_number=await _our_number(tx, actor), mine=actor.person_id in row.workers)


async def write(tx: Tx, actor: Actor, visit_id: UUID, given: Mapping[str, Any]) -> Summary:
    """Keep a summary; what was written before stays. Raises NotFound; Refused: `summary_unknown`, `summary_empty`,
    `not_your_visit`.
    """
    row = await _visit(tx, visit_id)
    may_say(actor, matters.own(row) if actor.person_id in row.workers else await matters.of_visit(tx, row))
    try:
        body = checked({"our_number": await _our_number(tx, actor), **given})
    except BadSummary as bad:
        raise Refused("summary_unknown", field=bad.field) if bad.field else Refused("summary_empty") from bad
    made = Summary(
        id=new_id(),
        agency_id=row.agency_id,
        family_id=row.family_id,
        visit_id=row.id,
        by=actor.person_id,
        at=tx.now,
        body=body,
    )
    await summaries.add(tx, made)
    await keep(tx, actor, row.agency_id, "wrote", subject="contact_summary", subject_id=made.id)
    return made


async def give(tx: Tx, actor: Actor, visit_id: UUID, how: str) -> None:
    """The family has it now: read_out, printed or sent. Raises NotFound; Refused."""
    row = await _visit(tx, visit_id)
    may_say(actor, matters.own(row) if actor.person_id in row.workers else await matters.of_visit(tx, row))
    found = await summaries.of_visit(tx, visit_id)
    if found is None or how not in GIVEN:
        raise NotFound
    await summaries.give(tx, found.id, how)
    await keep(tx, actor, row.agency_id, "gave", subject="contact_summary", subject_id=found.id, how=how)


async def of_family(tx: Tx, family: Family) -> list[Summary]:
    """The last ones of a family, for whoever has the family already."""
    found = await summaries.of_family(tx, family.id, LAST)
    for each in found:
        _must_be_whole(each)
    return found


async def listed(tx: Tx, actor: Actor, ref: str) -> list[Summary]:
    """The last ones of a family, newest first. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "contact_summary")
    return await of_family(tx, family)


async def _visit(tx: Tx, visit_id: UUID) -> VisitRow:
    row = await visits.load(tx, visit_id)
    if row is None:
        raise NotFound
    return row


async def _our_number(tx: Tx, actor: Actor) -> str:
    agency = await agencies.get(tx, actor.agency_id)
    return agency.office_phone or (await tx.policy()).office_number


def _must_be_whole(found: Summary) -> None:
    """A row that somebody got past us with more in it is not shown to a family."""
    try:
        must_be_whole(found.body)
    except BadSummary as bad:
        raise Refused("summary_unknown", field=bad.field) from bad
