"""A visit as it is being planned at a desk: what was answered so far, what may be answered, what follows from it.

What is typed is a row from the first page on: nothing is lost between the pages, nor when one of them is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from config.forms import Form
from config.forms_desk import CHECKED, desk_form
from safety_service.actions import changing, drafts, plan_answers, planning
from safety_service.actions.actor import Actor
from safety_service.actions.colleagues import colleagues
from safety_service.actions.drafts import NOTHING, ON_PAGES, Draft
from safety_service.actions.planning import Demanded, PlanRequest
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Risk, Role
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow
from safety_service.web.visitor import Visitor

DRAFT = f"{ON_PAGES}visit"
#: How many families are offered to be chosen.
FAMILIES = 6
#: The form's own: it was filled as last time for this family; the version that is being changed.
FILLED, SEEN = "_filled", "_seen"
#: Answers that the first page does not ask.
CARRIED = ("raise", *CHECKED)
LONGEST_NUMBER = 10  # digits
_HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What one person is planning. `row`: the visit that is changed; None: a new one."""

    row: VisitRow | None
    draft: Draft | None
    for_others: bool
    options: Mapping[str, Mapping[str, str]]

    @property
    def form(self) -> Form:
        """The first page's."""
        return desk_form(for_others=self.for_others, ref_known=self.row is not None)

    @property
    def here(self) -> str:
        """The first page's path."""
        return "/visits/new" if self.row is None else f"/visits/{self.row.id}/change"

    @property
    def subject_id(self) -> UUID:
        """What the draft is about."""
        return NOTHING if self.row is None else self.row.id

    def unknown(self, answers: Mapping[str, Any]) -> dict[str, str]:
        """Who was chosen, and is none of those who can be."""
        chosen = {key: answers[key] for key in ("worker", "colleague") if answers.get(key)}
        if len(chosen) > 1 and chosen["worker"] == chosen["colleague"]:
            return {"colleague": "twice"}
        return {key: "unknown" for key, each in chosen.items() if each not in self.options[key]}

    @property
    def whole(self) -> bool:
        """Whether everything that the first page asks was answered."""
        given = self.answers()
        asked = (each for each in self.form.steps if each.asked(given) and not each.optional)
        return all(given.get(each.key) not in (None, "", []) for each in asked) and not self.unknown(given)

    @property
    def overtaken(self) -> bool:
        """Whether somebody changed the visit since what is typed here was begun."""
        return self.row is not None and self.draft is not None and self.draft.answers.get(SEEN) != self.row.version

    def answers(self) -> dict[str, Any]:
        """All that is known, the family too."""
        given = {} if self.draft is None else dict(self.draft.answers)
        return given if self.row is None else {**given, "ref": self.row.family_ref}


async def desk_of(tx: Tx, visitor: Visitor, visit_id: UUID | None) -> Desk:
    """The desk. Raises NotFound, Refused."""
    actor = visitor.actor
    row = None if visit_id is None else await changing.to_change(tx, actor, visit_id)
    if not actor.teams(Role.PRACTITIONER, Role.MANAGER):
        raise Refused("not_your_role")
    draft = await drafts.of(tx, actor, DRAFT, NOTHING if row is None else row.id)
    return Desk(row=row, draft=draft, for_others=visitor.manages, options=await _options(tx, actor))


async def _options(tx: Tx, actor: Actor) -> dict[str, dict[str, str]]:
    others = await colleagues(tx, actor, Role.PRACTITIONER, Role.MANAGER)
    managed = actor.teams(Role.MANAGER)
    mine = {str(actor.person_id): "Me"}
    recent = await planning.recent_of_worker(tx, actor, FAMILIES)
    return {
        "ref": {each.family_ref: each.family_ref for each in recent},
        "worker": mine | {str(each.id): each.name for each in others if not managed.isdisjoint(each.roles)},
        # Whoever plans only for themself cannot be their own company.
        "colleague": {str(each.id): each.name for each in others} | (mine if managed else {}),
    }


def begun(desk: Desk, visitor: Visitor, tx: Tx, ref: str = "") -> dict[str, Any]:
    """What stands in the fields at first."""
    if desk.draft is not None:
        return desk.answers()
    if desk.row is not None:
        return _of_row(desk.row, visitor)
    local = tx.now.astimezone(visitor.known.zone)
    past = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    return {"starts": (local - past + _HALF_HOUR).isoformat(), "ref": ref}


def _of_row(row: VisitRow, visitor: Visitor) -> dict[str, Any]:
    first, others = _first(row, visitor.person_id)
    along = {"joint": "colleague", "colleague": str(others[0])} if others else {}
    day = {key: row.answers[key] for key in ("news", *CARRIED) if key in row.answers}
    return {
        **plan_answers.kept_of(row, first),
        **day,
        **along,
        "worker": str(first),
        "starts": row.visit.starts_at.isoformat(),
        FILLED: row.family_ref,
    }


def _first(row: VisitRow, reader: UUID) -> tuple[UUID, list[UUID]]:
    """Who the visit is first of all: its reader, where they go; the others in a settled order."""
    going = sorted(row.workers, key=str)
    first = next((each for each in (reader, row.created_by) if each in row.workers), going[0])
    return first, [each for each in going if each != first]


async def as_last_time(tx: Tx, actor: Actor, desk: Desk, answers: Mapping[str, Any]) -> dict[str, Any]:
    """A family that is known: what was left empty is as it was, once; whoever empties it then means it."""
    ref = str(answers.get("ref", ""))
    filled = "" if desk.draft is None else desk.draft.answers.get(FILLED)
    if desk.row is not None or not ref or filled == ref:
        return {**answers, FILLED: filled or ref}
    last = await planning.last_of_family(tx, actor, ref)
    if last is None:
        return dict(answers)
    goes = str(answers.get("worker", ""))
    first = UUID(goes) if goes in desk.options["worker"] else actor.person_id
    known = {key: value for key, value in plan_answers.kept_of(last, first).items() if key != "strategies" and value}
    return {**known, "news": "none", **answers, "ref": last.family_ref, FILLED: last.family_ref}


def carried(desk: Desk, visitor: Visitor) -> dict[str, Any]:
    """What the first page does not ask and does not take away: the raised risk, and the second page's answers."""
    before = desk.answers() if desk.draft is not None else {} if desk.row is None else _of_row(desk.row, visitor)
    return {key: before[key] for key in CARRIED if key in before}


async def keep(tx: Tx, actor: Actor, desk: Desk, answers: Mapping[str, Any], *, seen: str = "") -> None:
    """So that nothing typed is lost. `seen`: the version of the visit that the page was drawn from."""
    before = None if desk.draft is None else desk.draft.answers.get(SEEN)
    version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < LONGEST_NUMBER else before
    about = {} if desk.row is None else {SEEN: version}
    await drafts.begin(tx, actor, DRAFT, desk.subject_id, {**answers, **about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What follows from a plan: its risk and why, what its family's plan demands, what is still asked."""

    request: PlanRequest
    risk: Risk
    because: list[str]
    plan: Demanded
    answers: Mapping[str, Any]


async def checked(tx: Tx, actor: Actor, desk: Desk) -> Checked:
    """Judge what was answered."""
    answers = desk.answers()
    request = request_of(tx, actor, desk, answers)
    risk, lines = await _judged(tx, actor, desk, request)
    plan = await planning.demanded(tx, actor, request)
    threat = plan_answers.is_threat(answers, risk, [])
    threat = threat or (risk is Risk.HIGH and any(each["key"] in plan_answers.THREATS for each in lines))
    flags = {"_threat": threat, "_office": plan.office, "_arrange": bool(plan.confirms)}
    return Checked(
        request=request,
        risk=risk,
        because=[each["says"] for each in lines],
        plan=plan,
        answers={**answers, **{key: "yes" if true else "no" for key, true in flags.items()}},
    )


async def _judged(tx: Tx, actor: Actor, desk: Desk, request: PlanRequest) -> tuple[Risk, list[dict[str, str]]]:
    if desk.row is not None:
        return await changing.looked_ahead(tx, actor, desk.row, request)
    risk, because = await planning.looked_ahead(tx, actor, request)
    return risk, [{"key": each.key, "level": str(each.level), "says": each.says} for each in because]


def request_of(tx: Tx, actor: Actor, desk: Desk, answers: Mapping[str, Any]) -> PlanRequest:
    """The answers as planning wants them; whoever else goes on a visit that is changed still goes."""
    worker = UUID(answers["worker"]) if desk.for_others and answers.get("worker") else actor.person_id
    request = plan_answers.to_request(answers, actor.person_id, tx.now, worker=worker)
    if desk.row is None:
        return request
    first, others = _first(desk.row, actor.person_id)
    # The page asks about two of them: where more go, the rest is not what was changed.
    rest = tuple(each for each in others[1:] if each != first)
    return replace(request, workers=tuple(dict.fromkeys((*request.workers, *rest))))
