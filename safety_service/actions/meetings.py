"""Meetings of agencies, and joint debriefs (G12): called, held or cancelled; what was decided stays open until done.

A meeting is held once it has ended in a new version of the risk reduction plan and a day for the next review.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from safety_service.actions import circle, items, plans
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.circle import Circle
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.telling import Priority, tell
from safety_service.domain.gathering import Agreed, Call, Outcome, check_call, check_outcome
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import events, exclusions, families, meetings, partners, people, roles
from safety_service.store import plans as versions
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.meetings import Meeting
from safety_service.store.partners import Partner


@dataclass(frozen=True, slots=True)
class Seen:
    """A meeting as somebody reads it: the row, the agencies asked, which family."""

    row: Meeting
    invited: list[Partner]
    ref: str


async def call(tx: Tx, actor: Actor, ref: str, wanted: Call) -> Seen:
    """Call a meeting about a family; open wishes for one are closed by it. Raises NotFound; Refused `managers_only`,
    `invited_unknown`, and what `check_call` refuses."""
    family = await circle.by_ref(tx, actor, ref)
    team_id = circle.managed(actor, family)
    check_call(wanted, tx.now)
    known = {each.id: each for each in await partners.of_family(tx, family.family_id)}
    if not set(wanted.invited) <= known.keys():
        raise Refused("invited_unknown")
    row = Meeting(
        id=new_id(),
        agency_id=actor.agency_id,
        team_id=team_id,
        family_id=family.family_id,
        kind=wanted.kind,
        called_by=actor.person_id,
        called_at=tx.now,
        meets_at=wanted.meets_at,
        body=_body(wanted),
        next_at=wanted.meets_at,
    )
    await meetings.add(tx, row)
    await _log(tx, actor, "called", row)
    await _tell(tx, row, "meeting.called", Priority.NEWS, besides=actor.person_id)
    await _wishes_are_met(tx, actor, row)
    return Seen(row, [known[each] for each in wanted.invited], family.ref)


def _body(wanted: Call) -> dict[str, Any]:
    words = {
        name: getattr(wanted, name).strip() for name in ("why", "parents_why", "share_what", "share_how", "share_when")
    }
    return {**words, "parents": str(wanted.parents), "invited": [str(each) for each in wanted.invited]}


async def _wishes_are_met(tx: Tx, actor: Actor, row: Meeting) -> None:
    """The team's own wishes for one; another team's stays, for its managers to say what became of it."""
    for each in await items.open_of_family(tx, row.family_id):
        if each.kind == "meeting" and each.team_id == row.team_id:
            await items.close_item(tx, actor, each.id, f"meeting {row.id}")


async def hold(tx: Tx, actor: Actor, meeting_id: UUID, outcome: Outcome) -> Seen:
    """It took place: what was decided becomes items, and the plan its next version.

    Raises NotFound; Refused `managers_only`, `meeting_over`, `not_in_team`, and what `check_outcome` refuses.
    """
    row, family = await _held(tx, actor, meeting_id)
    check_outcome(outcome, await circle.today(tx, row.agency_id))
    decisions = [await _decided(tx, actor, row, each) for each in outcome.decisions if each.what.strip()]
    number = await plans.new_version(
        tx,
        row.family_id,
        cause="meeting",
        why=outcome.notes.strip(),
        by=actor.person_id,
        review_on=outcome.review_on,
    )
    body = {**row.body, "notes": outcome.notes.strip(), "decisions": decisions, "told": outcome.told.strip()}
    held = replace(
        row,
        state="held",
        body={**body, "attended": dict(outcome.attended)},
        plan_number=number,
        review_on=outcome.review_on,
        next_at=await circle.morning_of(tx, row.agency_id, outcome.review_on),
    )
    held = await meetings.save(tx, held)
    await meetings.reviewed_by(tx, held)
    await _log(tx, actor, "held", held, plan=number, review_on=outcome.review_on.isoformat())
    await _tell(tx, held, "meeting.held", Priority.NEWS, besides=actor.person_id)
    return await _seen(tx, held, family)


async def _decided(tx: Tx, actor: Actor, row: Meeting, agreed: Agreed) -> dict[str, Any]:
    """One decision as it stays open; where another agency is to do it, whoever called the meeting asks after it."""
    if agreed.owner_id is not None and agreed.owner_id not in await _may_own(tx, row):
        raise Refused("not_in_team")
    opened = await items.open_item(
        tx,
        agency_id=row.agency_id,
        team_id=row.team_id,
        kind="action",
        text=agreed.what.strip(),
        body={"meeting_id": str(row.id), "who": agreed.who.strip()},
        family_id=row.family_id,
        owner_id=agreed.owner_id or row.called_by,
        due_on=agreed.due_on,
        by=actor.person_id,
    )
    return {
        "what": agreed.what.strip(),
        "who": agreed.who.strip(),
        "owner_id": None if agreed.owner_id is None else str(agreed.owner_id),
        "name": "" if agreed.owner_id is None else (await people.get(tx, agreed.owner_id)).name,
        "due_on": None if agreed.due_on is None else agreed.due_on.isoformat(),
        "item_id": str(opened.id),
    }


async def to_end(tx: Tx, actor: Actor, meeting_id: UUID) -> Seen:
    """A meeting that the actor may hold or cancel. Raises NotFound; Refused `managers_only`, `meeting_over`."""
    row, family = await _held(tx, actor, meeting_id)
    return await _seen(tx, row, family)


async def to_invite(tx: Tx, family: Circle) -> list[Partner]:
    """The agencies that can be asked to a meeting about a family that the caller has been let see."""
    return await partners.of_family(tx, family.family_id)


async def owners(tx: Tx, row: Meeting) -> dict[UUID, str]:
    """Who of ours can see to a decision, by name; for whoever may hold this meeting."""
    known = await people.many(tx, await _may_own(tx, row))
    return {each.id: each.name for each in sorted(known.values(), key=lambda person: person.name.casefold())}


async def _may_own(tx: Tx, row: Meeting) -> frozenset[UUID]:
    goes = await roles.with_role(tx, Role.PRACTITIONER, team_id=row.team_id)
    manages = await roles.with_role(tx, Role.MANAGER, team_id=row.team_id)
    return (goes | manages) - await exclusions.excluded(tx, None, row.family_id)


async def cancel(tx: Tx, actor: Actor, meeting_id: UUID, why: str) -> Seen:
    """It does not take place. Raises NotFound; Refused `managers_only`, `meeting_over`, `reason_wanted`."""
    row, family = await _held(tx, actor, meeting_id)
    if not why.strip():
        raise Refused("reason_wanted")
    gone = replace(row, state="cancelled", body={**row.body, "cancelled_why": why.strip()}, next_at=None)
    gone = await meetings.save(tx, gone)
    await _log(tx, actor, "cancelled", gone)
    await _tell(tx, gone, "meeting.cancelled", Priority.NEWS, besides=actor.person_id)
    return await _seen(tx, gone, family)


async def read(tx: Tx, actor: Actor, meeting_id: UUID) -> Seen:
    """One meeting. Raises NotFound."""
    row = await meetings.load(tx, meeting_id)
    if row is None or row.agency_id != actor.agency_id:
        raise NotFound
    family = await circle.by_id(tx, actor, row.family_id)
    await _log(tx, actor, "read", row)
    return await _seen(tx, row, family)


async def of_family(tx: Tx, actor: Actor, ref: str) -> list[Seen]:
    """Every meeting about a family, the latest first. Raises NotFound."""
    family = await circle.by_ref(tx, actor, ref)
    rows = await meetings.of_family(tx, family.family_id)
    await keep(tx, actor, actor.agency_id, "read", subject="meetings", subject_id=family.family_id)
    return [await _seen(tx, each, family) for each in rows]


async def chase(tx: Tx, limit: int) -> int:
    """Ask for meetings that were not held, and for reviews that are due; gives how many. One stops no other.

    A plan that was looked at again since has had its review: nobody is asked for it twice.
    """
    due = await meetings.due(tx, limit)
    again = (await tx.policy()).around.again
    for row in due:
        if not await by_itself(tx, _ask(tx, row, again), f"a meeting could not be chased: {row.id}"):
            await meetings.ask_again(tx, row.id, tx.now + again)
    return len(due)


async def _ask(tx: Tx, row: Meeting, again: timedelta) -> None:
    await meetings.ask_again(tx, row.id, await _asked_about(tx, row, again))


async def _asked_about(tx: Tx, row: Meeting, again: timedelta) -> datetime | None:
    """Gives when it is asked about next."""
    if row.state == "called":
        await _tell(tx, row, "meeting.overdue", Priority.NEWS)
        return tx.now + again
    if await versions.reviewed_since(tx, row.family_id, row.plan_number or versions.NONE):
        return None
    await _tell(tx, row, "meeting.review_due", Priority.NEWS)
    return tx.now + again


async def _held(tx: Tx, actor: Actor, meeting_id: UUID) -> tuple[Meeting, Circle]:
    """A meeting that is called, locked, and its family, for a manager of it."""
    row = await meetings.load(tx, meeting_id, lock=True)
    if row is None or row.agency_id != actor.agency_id:
        raise NotFound
    family = await circle.by_id(tx, actor, row.family_id)
    circle.managed(actor, family)
    if row.state != "called":
        raise Refused("meeting_over")
    return row, family


async def _seen(tx: Tx, row: Meeting, family: Circle) -> Seen:
    asked = set(row.body.get("invited", ()))
    known = await partners.of_family(tx, row.family_id, ended=True)
    return Seen(row, [each for each in known if str(each.id) in asked], family.ref)


async def _tell(tx: Tx, row: Meeting, template: str, priority: Priority, *, besides: UUID | None = None) -> None:
    """The family's managers; what is overdue, also whoever called it."""
    owner = row.called_by if template in ("meeting.overdue", "meeting.review_due") else None
    people = await circle.to_ask(tx, row.agency_id, [row.team_id], row.family_id, owner_id=owner, step=1)
    params = {
        "ref": await families.ref_of(tx, row.family_id),
        "starts_at": row.meets_at.isoformat(),
        "page": f"/meetings/{row.id}",
    }
    await tell(tx, people - {besides}, template, params, priority=priority)
    details = {"template": template}
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None,
        verb="asked",
        subject="meeting",
        subject_id=row.id,
        details=details,
    )


async def _log(tx: Tx, actor: Actor, verb: str, row: Meeting, **details: Any) -> None:
    await keep(tx, actor, row.agency_id, verb, subject="meeting", subject_id=row.id, kind=row.kind, **details)
