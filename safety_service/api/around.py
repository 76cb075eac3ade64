"""Around a family: undertakings, what other agencies were told, meetings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from safety_service.actions import meetings, sharing, undertakings, warning
from safety_service.actions.sharing import Decision
from safety_service.actions.undertakings import Kept, Terms
from safety_service.api.body import Body, Moment
from safety_service.api.call import Call, endpoint
from safety_service.api.families import ref_of
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import page_shape, time_or_none
from safety_service.domain.gathering import Agreed, Kind, Outcome, Parents
from safety_service.domain.gathering import Call as MeetingCall
from safety_service.domain.sharing import Basis, Decided
from safety_service.services import SETTINGS

routes = web.RouteTableDef()

Text = Annotated[str, Field(max_length=2000)]


class UndertakingBody(Body):
    """What is written down. `agencies`: what each does when it is broken, by its name."""

    concern: Text
    expected: Text
    otherwise: Text
    told: Text
    told_on: date
    review_on: date
    agencies: dict[str, Text] = Field(default_factory=dict)


class UndertakingNoteBody(Body):
    """What became of it: `open` and `broken` are looked at again, the others are over."""

    state: Literal["open", "kept", "broken", "ended"]
    note: Text
    review_on: date | None = None


class ShareBody(Body):
    """To warn an agency by hand, by the guidance's keys."""

    partner_id: UUID
    behaviours: list[str]
    on: date


class ShareDecisionBody(Body):
    """A decision. `basis` is needed to share; `unverified_known` where nobody has checked the contact.

    `text_digest`: of the text that was read; where that has changed since, nothing is decided.
    """

    decision: Literal["share", "withhold"]
    reason: Text
    text_digest: str | None = Field(default=None, max_length=64)
    basis: Literal["protect_worker", "protect_child", "vital_interest", "legal_duty", "consent"] | None = None
    basis_note: Text = ""
    with_context: bool = False
    unverified_known: bool = False


class MeetingBody(Body):
    """A call."""

    kind: Literal["risk", "joint_debrief", "review"]
    meets_at: Moment
    why: Text
    invited: list[UUID] = Field(default_factory=list)
    parents: Literal["invited", "excluded"] = "invited"
    parents_why: Text = ""
    share_what: Text
    share_how: Text
    share_when: Text


class AgreedBody(Body):
    """A decision of a meeting: somebody of ours sees to it (`owner_id`), or `who` in another agency."""

    what: Text
    owner_id: UUID | None = None
    who: Text = ""
    due_on: date | None = None


class HeldBody(Body):
    """What a meeting ended in."""

    notes: Text
    review_on: date
    decisions: list[AgreedBody] = Field(default_factory=list)
    told: Text = ""
    attended: dict[str, bool] = Field(default_factory=dict)


class WhyBody(Body):
    """A reason."""

    why: Text


@routes.get(f"{PREFIX}/families/{{ref}}/undertakings")
@endpoint("undertaking")
async def undertakings_of(call: Call) -> dict[str, Any]:
    """All of a family, the newest first."""
    found = await undertakings.of_family(call.tx, call.actor, ref_of(call))
    return page_shape([undertaking_shape(each) for each in found], None)


@routes.post(f"{PREFIX}/families/{{ref}}/undertakings")
@endpoint("undertaking", status=201)
async def make_undertaking(call: Call) -> dict[str, Any]:
    """Write one down."""
    terms = Terms(**call.body(UndertakingBody).model_dump())
    return undertaking_shape(Kept(await undertakings.make(call.tx, call.actor, ref_of(call), terms), []))


@routes.post(f"{PREFIX}/undertakings/{{id}}/notes")
@endpoint("undertaking", status=201)
async def note_undertaking(call: Call) -> dict[str, Any]:
    """Say what became of it."""
    body = call.body(UndertakingNoteBody)
    await undertakings.note(call.tx, call.actor, call.id(), body.state, body.note, body.review_on)
    return undertaking_shape((await undertakings.read(call.tx, call.actor, call.id()))[1])


@routes.get(f"{PREFIX}/families/{{ref}}/shares")
@endpoint("share")
async def shares_of(call: Call) -> dict[str, Any]:
    """The information-sharing record of a family, the newest first."""
    found = await sharing.record(call.tx, call.actor, ref_of(call))
    return page_shape([share_shape(each) for each in found], None)


@routes.post(f"{PREFIX}/families/{{ref}}/shares")
@endpoint("share", status=201)
async def propose_share(call: Call) -> dict[str, Any]:
    """Propose to warn an agency, without a debrief."""
    body = call.body(ShareBody)
    return share_shape(
        await warning.propose(call.tx, call.actor, ref_of(call), body.partner_id, body.behaviours, body.on)
    )


@routes.post(f"{PREFIX}/shares/{{id}}/decision")
@endpoint("share")
async def decide_share(call: Call) -> dict[str, Any]:
    """Share or withhold. Shared: `link` is the one-time link, in this answer only."""
    body = call.body(ShareDecisionBody)
    made = Decision(
        decided=Decided(body.decision),
        reason=body.reason,
        basis=None if body.basis is None else Basis(body.basis),
        basis_note=body.basis_note,
        with_context=body.with_context,
        unverified_known=body.unverified_known,
        text_digest=body.text_digest,
    )
    return _with_link(call, await sharing.decide(call.tx, call.actor, call.id(), made))


@routes.get(f"{PREFIX}/families/{{ref}}/meetings")
@endpoint("meeting")
async def meetings_of(call: Call) -> dict[str, Any]:
    """All about a family, the latest first."""
    found = await meetings.of_family(call.tx, call.actor, ref_of(call))
    return page_shape([meeting_shape(each) for each in found], None)


@routes.post(f"{PREFIX}/families/{{ref}}/meetings")
@endpoint("meeting", status=201)
async def call_meeting(call: Call) -> dict[str, Any]:
    """Call one."""
    body = call.body(MeetingBody)
    words = body.model_dump(include={"meets_at", "why", "parents_why", "share_what", "share_how", "share_when"})
    wanted = MeetingCall(kind=Kind(body.kind), parents=Parents(body.parents), invited=tuple(body.invited), **words)
    return meeting_shape(await meetings.call(call.tx, call.actor, ref_of(call), wanted))


@routes.post(f"{PREFIX}/meetings/{{id}}/held")
@endpoint("meeting")
async def hold_meeting(call: Call) -> dict[str, Any]:
    """It was held: its plan version and the day of the next review."""
    body = call.body(HeldBody)
    outcome = Outcome(
        notes=body.notes,
        review_on=body.review_on,
        decisions=tuple(Agreed(**each.model_dump()) for each in body.decisions),
        told=body.told,
        attended=body.attended,
    )
    return meeting_shape(await meetings.hold(call.tx, call.actor, call.id(), outcome))


@routes.post(f"{PREFIX}/meetings/{{id}}/cancel")
@endpoint("meeting")
async def cancel_meeting(call: Call) -> dict[str, Any]:
    """It does not take place."""
    return meeting_shape(await meetings.cancel(call.tx, call.actor, call.id(), call.body(WhyBody).why))


def undertaking_shape(kept: Kept) -> dict[str, Any]:
    """An undertaking. `partnership` is false: it is no agreement between partners."""
    row = kept.row
    return {
        "id": str(row.id),
        "state": row.state,
        "partnership": False,
        **row.body,
        "made_by": str(row.made_by),
        "made_at": row.made_at.isoformat(),
        "review_on": row.review_on.isoformat(),
        "notes": [
            {
                "state": each.state,
                "note": each.note,
                "by": str(each.by),
                "at": each.at.isoformat(),
                "debrief_id": _id(each.debrief_id),
            }
            for each in kept.notes
        ],
    }


def share_shape(seen: sharing.Seen) -> dict[str, Any]:
    """An entry of the information-sharing record; never its link."""
    row = seen.row
    return {
        "id": str(row.id),
        "family_ref": seen.ref,
        "debrief_id": _id(row.debrief_id),
        "partner": {"id": str(row.partner_id), "organisation": seen.partner.organisation},
        "state": row.state,
        "round": row.round,
        "text": {name: row.body.get(name) for name in ("met", "on", "care", "context")},
        "text_digest": sharing.text_digest(row),
        "with_context": bool(row.body.get("with_context")),
        "basis": row.basis,
        "basis_note": row.basis_note,
        "reason": row.reason,
        "proposed_at": row.proposed_at.isoformat(),
        "decided_by": _id(row.decided_by),
        "decided_at": time_or_none(row.decided_at),
        "acknowledge_by": time_or_none(row.acknowledge_by),
        "acknowledged_by": row.acknowledged_by,
        "acknowledged_at": time_or_none(row.acknowledged_at),
    }


def meeting_shape(seen: meetings.Seen) -> dict[str, Any]:
    """A meeting, with what it ended in once it was held."""
    row, body = seen.row, seen.row.body
    told: Mapping[str, Any] = {name: body.get(name) for name in _OF_MEETING}
    return {
        "id": str(row.id),
        "family_ref": seen.ref,
        "kind": row.kind,
        "state": row.state,
        "called_by": str(row.called_by),
        "called_at": row.called_at.isoformat(),
        "meets_at": row.meets_at.isoformat(),
        "invited": [{"id": str(each.id), "organisation": each.organisation} for each in seen.invited],
        **told,
        "plan_number": row.plan_number,
        "review_on": None if row.review_on is None else row.review_on.isoformat(),
        "version": row.version,
    }


_OF_MEETING = (
    "why parents parents_why share_what share_how share_when notes decisions told attended cancelled_why".split()
)


def _with_link(call: Call, seen: sharing.Seen) -> dict[str, Any]:
    base = call.request.app[SETTINGS].base_url.rstrip("/")
    return {**share_shape(seen), "link": None if seen.token is None else f"{base}/a/{seen.token}"}


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
