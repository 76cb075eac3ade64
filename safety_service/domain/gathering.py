"""Meetings of agencies, and joint debriefs (G12): what a call says, and what a meeting has to end in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from safety_service.domain.refusal import Refused
from safety_service.domain.review import near_enough


class Kind(StrEnum):
    """What it is for: the risk to workers, a frightening event talked through together, a review of the plan."""

    RISK = "risk"
    JOINT_DEBRIEF = "joint_debrief"
    REVIEW = "review"


class Parents(StrEnum):
    """Whether the parents are asked to come."""

    INVITED = "invited"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call: what for, when, who is asked, and what the family hears of it. `invited`: ids of other agencies."""

    kind: Kind
    meets_at: datetime
    why: str
    invited: tuple[UUID, ...] = ()
    parents: Parents = Parents.INVITED
    parents_why: str = ""
    share_what: str = ""
    share_how: str = ""
    share_when: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """One decision: what is to be done, by whom (somebody of ours, or in words), by when."""

    what: str
    owner_id: UUID | None = None
    who: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a meeting ended in. `told`: what was shared with the family in the end, where that differs from the call."""

    notes: str
    review_on: date
    decisions: tuple[Agreed, ...] = ()
    told: str = ""
    attended: Mapping[str, bool] = field(default_factory=dict)


def check_call(call: Call, now: datetime) -> None:
    """Raises Refused: `reason_wanted`, `meets_before_now`, `parents_why_wanted`, `share_wanted`."""
    if not call.why.strip():
        raise Refused("reason_wanted")
    if call.meets_at <= now:
        raise Refused("meets_before_now")
    if call.parents is Parents.EXCLUDED and not call.parents_why.strip():
        raise Refused("parents_why_wanted")
    if not (call.share_what.strip() and call.share_how.strip() and call.share_when.strip()):
        raise Refused("share_wanted")


def check_outcome(outcome: Outcome, today: date) -> None:
    """Raises Refused: `notes_wanted`, `review_wanted`, `review_too_far`, `owner_wanted`."""
    if not outcome.notes.strip():
        raise Refused("notes_wanted")
    if near_enough(outcome.review_on, today) <= today:
        raise Refused("review_wanted")
    if any(each.what.strip() and each.owner_id is None and not each.who.strip() for each in outcome.decisions):
        raise Refused("owner_wanted")
