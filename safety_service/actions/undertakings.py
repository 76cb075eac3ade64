"""Written undertakings (G8): what is expected of a family, what follows otherwise, and whether it was kept.

An undertaking is no agreement between partners: it says so wherever it is shown. What was written stays as it is; what
becomes of it is noted below it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from safety_service.actions import circle
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.circle import Circle
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.given import Given
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.review import near_enough
from safety_service.store import circles, events, families, undertakings
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.undertakings import Note, Undertaking

#: What may be said of one that holds: it stays open (`open`: looked at again), was kept, was broken, is over.
SAID = ("open", "kept", "broken", "ended")
#: What it is while something is still expected of it.
HOLDING = ("open", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is written down. `agencies`: what each agency does when it is broken, by its name."""

    concern: str
    expected: str
    otherwise: str
    told: str
    told_on: date
    review_on: date
    agencies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """An undertaking with what was noted of it, the oldest first."""

    row: Undertaking
    notes: list[Note]


async def make(tx: Tx, actor: Actor, ref: str, terms: Terms) -> Undertaking:
    """Write one down for a family.

    Raises NotFound; Refused `managers_only`, `review_wanted`, `review_too_far`, `undertaking_lacks`.
    """
    family = await circle.by_ref(tx, actor, ref)
    circle.managed(actor, family)
    body = _body(terms)
    if not all(body[each] for each in ("concern", "expected", "otherwise", "told")):
        raise Refused("undertaking_lacks")
    today = await circle.today(tx, actor.agency_id)
    if near_enough(terms.review_on, today) <= today:
        raise Refused("review_wanted")
    row = Undertaking(
        id=new_id(),
        agency_id=actor.agency_id,
        family_id=family.family_id,
        body=body,
        made_by=actor.person_id,
        made_at=tx.now,
        review_on=terms.review_on,
        next_at=await circle.morning_of(tx, actor.agency_id, terms.review_on),
    )
    await undertakings.add(tx, row)
    await _log(tx, actor, "made", row)
    return row


def _body(terms: Terms) -> dict[str, Any]:
    agencies = {who.strip(): does.strip() for who, does in terms.agencies.items() if who.strip() and does.strip()}
    words = {name: getattr(terms, name).strip() for name in ("concern", "expected", "otherwise", "told")}
    return {**words, "told_on": terms.told_on.isoformat(), "agencies": agencies}


async def of_family(tx: Tx, actor: Actor, ref: str) -> list[Kept]:
    """Every undertaking of a family with its notes, the newest first. Raises NotFound."""
    family = await circle.by_ref(tx, actor, ref)
    rows = await undertakings.of_family(tx, family.family_id)
    notes = await undertakings.notes_of(tx, [each.id for each in rows])
    await keep(tx, actor, actor.agency_id, "read", subject="undertakings", subject_id=family.family_id)
    return [Kept(each, notes[each.id]) for each in rows]


async def holding(tx: Tx, actor: Actor, ref: str) -> list[Kept]:
    """Those that hold now, without their notes, the oldest first: for a page that logs that it was read.

    Raises NotFound.
    """
    family = await circle.by_ref(tx, actor, ref)
    return [Kept(each, []) for each in await undertakings.open_of_family(tx, family.family_id)]


async def read(tx: Tx, actor: Actor, undertaking_id: UUID) -> tuple[Circle, Kept]:
    """One undertaking and whose it is. Raises NotFound."""
    row = await undertakings.load(tx, undertaking_id)
    if row is None or row.agency_id != actor.agency_id:
        raise NotFound
    family = await circle.by_id(tx, actor, row.family_id)
    await keep(tx, actor, actor.agency_id, "read", subject="undertaking", subject_id=row.id)
    return family, Kept(row, (await undertakings.notes_of(tx, [row.id]))[row.id])


async def note(
    tx: Tx, actor: Actor, undertaking_id: UUID, state: str, text: str, review_on: date | None = None
) -> Undertaking:
    """Note what became of it. `open` and `broken` stay, and are looked at again on `review_on`; the others are over.

    Raises NotFound; Refused `managers_only`, `reason_wanted`, `review_wanted`, `review_too_far`, `undertaking_over`.
    """
    row = await undertakings.load(tx, undertaking_id, lock=True)
    if row is None or row.agency_id != actor.agency_id:
        raise NotFound
    circle.managed(actor, await circle.by_id(tx, actor, row.family_id))
    if row.state not in HOLDING:
        raise Refused("undertaking_over")
    if not text.strip() or state not in SAID:
        raise Refused("reason_wanted")
    changed = await _become(tx, row, state, review_on)
    said = Note(undertaking_id=row.id, state=state, note=text.strip(), by=actor.person_id, at=tx.now)
    await undertakings.add_note(tx, said)
    await _log(tx, actor, "noted", changed)
    if state == "broken":
        await _tell(tx, changed, "undertaking.broken", Priority.QUESTION, frozenset({actor.person_id}))
    return changed


async def _become(tx: Tx, row: Undertaking, state: str, review_on: date | None) -> Undertaking:
    """The row after a note, saved."""
    today = await circle.today(tx, row.agency_id)
    day = row.review_on if review_on is None else near_enough(review_on, today)
    if state == "open" and day <= today:
        raise Refused("review_wanted")
    over = state not in HOLDING
    next_at = None if over else await circle.morning_of(tx, row.agency_id, day)
    if next_at is not None and next_at <= tx.now:
        next_at = tx.now + (await tx.policy()).around.again
    changed = replace(row, state=state, review_on=day, next_at=next_at)
    await undertakings.save(tx, changed)
    return changed


async def follow(tx: Tx, given: Given) -> None:
    """What a debrief says of the family's undertakings. Kept: noted on each. Broken: that one; of several, which?"""
    said = given.answers.get("undertaking")
    if not given.whole or said not in ("kept", "broken"):
        return
    rows = await undertakings.open_of_family(tx, given.visit.family_id, lock=True)
    if said == "broken" and len(rows) > 1:
        await _tell(tx, rows[0], "undertaking.which", Priority.QUESTION, given.visit.workers)
        return
    for row in rows:
        await _noted_by_debrief(tx, given, row, said)
        if said == "broken":
            await _become(tx, row, "broken", None)
            await _tell(tx, row, "undertaking.broken", Priority.QUESTION, given.visit.workers)


async def _noted_by_debrief(tx: Tx, given: Given, row: Undertaking, said: str) -> None:
    """Without words of its own: the debrief says more, to those who may read it."""
    debrief = given.debrief
    noted = Note(undertaking_id=row.id, state=said, note="", by=debrief.worker_id, at=tx.now, debrief_id=debrief.id)
    await undertakings.add_note(tx, noted)


async def chase(tx: Tx, limit: int) -> int:
    """Ask for those that are to be looked at again; gives how many. One that fails stops no other."""
    due = await undertakings.due(tx, limit)
    again = (await tx.policy()).around.again
    for row in due:
        await undertakings.save(tx, replace(row, next_at=tx.now + again))
        await by_itself(tx, _ask(tx, row, again), f"an undertaking could not be chased: {row.id}")
    return len(due)


async def _ask(tx: Tx, row: Undertaking, again: timedelta) -> None:
    first = tx.now < await circle.morning_of(tx, row.agency_id, row.review_on) + again
    await _tell(tx, row, "undertaking.review", Priority.NEWS, step=0 if first else 1)


async def _tell(
    tx: Tx,
    row: Undertaking,
    template: str,
    priority: Priority,
    workers: frozenset[UUID] = frozenset(),
    *,
    step: int = 1,
) -> None:
    """Every manager of the family hears that one was broken; that one is to be looked at, at first whoever is on duty.

    `workers`: who knows already.
    """
    teams, _ = await circles.of_family(tx, row.family_id)
    people = await circle.to_ask(tx, row.agency_id, teams, row.family_id, workers=workers, step=step)
    params = {"ref": await families.ref_of(tx, row.family_id), "page": f"/undertakings/{row.id}"}
    await tell(tx, people, template, params, priority=priority)
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None,
        verb="asked",
        subject="undertaking",
        subject_id=row.id,
        details={"template": template, "step": step},
    )


async def _log(tx: Tx, actor: Actor, verb: str, row: Undertaking) -> None:
    details = {"state": row.state, "review_on": row.review_on.isoformat()}
    await keep(tx, actor, row.agency_id, verb, subject="undertaking", subject_id=row.id, **details)
