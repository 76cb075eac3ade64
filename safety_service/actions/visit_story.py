"""The whole story of one visit, as far as whoever reads it may know: plan, decisions, words, alerts, debriefs.

P5: whoever goes on the visit reads of alerts only once they are over, and of duress nothing while it is open: their
page, and that of a colleague beside them, is that of a normal day.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from safety_service.actions import changing, reading, ties
from safety_service.actions.access import may_decide
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.matters import of_visit
from safety_service.actions.visitors import names_of
from safety_service.domain.refusal import Refused
from safety_service.domain.timeline import Deed, Sending
from safety_service.domain.words import ENDED, Kind
from safety_service.store import alerts, beside, said, timelines, visit_story
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.store.said import Said
from safety_service.store.visit_story import Made, Told
from safety_service.store.visits import VisitRow

#: Messages around a visit: from so long before its start to so long after its end.
AROUND = timedelta(days=1)
#: The kind of a word that moves nothing.
NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One visit as its reader may know it. `names`: of everybody whom it names."""

    row: VisitRow
    #: The reader goes on it.
    own: bool
    may_decide: bool
    may_change: bool
    decisions: tuple[Made, ...]
    deeds: tuple[Deed, ...]
    words: tuple[Said, ...]
    alerts: tuple[AlertRow, ...]
    sendings: tuple[Sending, ...]
    debriefs: tuple[Told, ...]
    names: dict[UUID, str]


async def of(tx: Tx, actor: Actor, visit_id: UUID) -> Story:
    """The story. That it was read is kept. Raises NotFound; Refused `reason_for_opening`."""
    row = await reading.visit(tx, actor, visit_id)
    own = actor.person_id in row.workers
    if not own:
        await ties.must_have(tx, actor, row.family_id, {row.team_id})
    readers = frozenset({actor.person_id}) if own else row.workers
    decisions = tuple(await visit_story.decisions(tx, row.id))
    deeds = tuple(await visit_story.deeds(tx, row.id))
    there = await beside.of(tx, {actor.person_id})
    quiet = own or not there.isdisjoint(row.workers)
    heard = await said.of_visit(tx, row.id)
    words = tuple(_heard(each, quiet=quiet) for each in heard if _told(each, readers, quiet=quiet))
    found = tuple(each for each in await alerts.of_visit(tx, row.id) if _shown(each, there, own=own))
    since, until = row.visit.starts_at - AROUND, row.visit.ends_at + AROUND
    sendings = tuple(await timelines.to_workers(tx, row.id, readers, since, until))
    return Story(
        row=row,
        own=own,
        # Nobody decides on, or changes, what cannot be read.
        may_decide=not row.unread and await _may_decide(tx, actor, row),
        may_change=not row.unread and await _may_change(tx, actor, row.id),
        decisions=decisions,
        deeds=deeds,
        words=words,
        alerts=found,
        sendings=sendings,
        debriefs=tuple(await visit_story.debriefs(tx, row.id, readers)),
        names=await names_of(tx, _named(row, decisions, deeds, found)),
    )


def _told(word: Said, readers: Collection[UUID], *, quiet: bool) -> bool:
    """P5: what was typed is on no page of whoever goes, or is beside them: no note, nor that there was one.

    The duress word is kept nowhere: beside a note that any other word would have left, its absence tells.
    """
    return word.worker_id in readers and not (quiet and word.kind == NOTE)


def _heard(word: Said, *, quiet: bool) -> Said:
    return replace(word, note=None) if quiet else word


def _shown(row: AlertRow, there: frozenset[UUID], *, own: bool) -> bool:
    """P5: open duress is on no screen beside the worker, of another visit of theirs either."""
    hidden = own or (row.alert.kind is Kind.DURESS and row.alert.worker_id in there)
    return not hidden or not row.alert.open


def _named(
    row: VisitRow, decisions: Collection[Made], deeds: Collection[Deed], found: Collection[AlertRow]
) -> frozenset[UUID]:
    owners = {each.alert.owner_id for each in found} | {each.alert.worker_id for each in found}
    doing = {each.by for each in deeds} | {each.by for each in decisions}
    return row.workers | {row.created_by} | {each for each in owners | doing if each is not None}


async def _may_decide(tx: Tx, actor: Actor, row: VisitRow) -> bool:
    try:
        may_decide(actor, await of_visit(tx, row))
    except (Refused, NotFound):
        return False
    return row.visit.status not in ENDED


async def _may_change(tx: Tx, actor: Actor, visit_id: UUID) -> bool:
    try:
        await changing.to_change(tx, actor, visit_id)
    except (Refused, NotFound):
        return False
    return True


async def to_decide(tx: Tx, actor: Actor, visit_id: UUID) -> VisitRow:
    """A visit that the actor may decide on. Raises NotFound, Refused."""
    row = await reading.visit(tx, actor, visit_id)
    may_decide(actor, await of_visit(tx, row))
    if row.visit.status in ENDED:
        raise Refused("visit_is_over")
    return row
