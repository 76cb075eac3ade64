"""A worker's own day: their visits, who comes along, what they still owe; and nothing of any alert (P5)."""

from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import items, reading
from safety_service.actions.actor import Actor
from safety_service.domain.refusal import Refused
from safety_service.domain.words import ENDED, Phase, Role
from safety_service.store import board, day, exclusions, people
from safety_service.store.database import Tx
from safety_service.store.day import Untold
from safety_service.store.items import Item
from safety_service.store.visits import VisitRow

#: Whoever owes more than this knows it.
UNTOLD = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVisit:
    """One of the worker's own visits. `to_read`: there is something to read that they have not said they have read."""

    row: VisitRow
    phase: Phase
    beside: tuple[str, ...]
    to_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All of it. `inside`: somebody may be looking over their shoulder, so it is no time to read anything."""

    visits: tuple[DayVisit, ...]
    untold: tuple[Untold, ...]
    items: tuple[Item, ...]
    inside: bool


async def of(tx: Tx, actor: Actor) -> Day:
    """The actor's own day. Raises Refused `not_your_role`: they go on no visits."""
    if not actor.teams(Role.PRACTITIONER, Role.MANAGER):
        raise Refused("not_your_role")
    rows = await reading.today(tx, actor)
    inside = await board.inside(tx, actor.person_id)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    ahead = {each.family_id for each in rows if each.visit.status not in ENDED} - kept_off.families
    to_read = await day.unread(tx, actor.person_id, ahead)
    names = await _names(tx, {each for row in rows for each in row.workers} - {actor.person_id})
    return Day(
        visits=tuple(_visit(actor, row, names, to_read) for row in rows),
        untold=tuple(await day.untold(tx, actor.person_id, UNTOLD)),
        items=tuple(await items.mine(tx, actor)),
        inside=inside,
    )


def _visit(actor: Actor, row: VisitRow, names: dict[UUID, str], to_read: frozenset[UUID]) -> DayVisit:
    return DayVisit(
        row=row,
        phase=row.visit.watch(actor.person_id).phase,
        beside=tuple(sorted(names[each] for each in row.workers if each in names)),
        to_read=row.family_id in to_read,
    )


async def _names(tx: Tx, person_ids: set[UUID]) -> dict[UUID, str]:
    return {each.id: each.name for each in (await people.even_unread(tx, person_ids)).values()} if person_ids else {}
