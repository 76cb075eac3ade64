"""A family's plan in the chat: a proposal is decided in two taps, with a ready reason; all else is on our own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bots.dialogue import forming, opening_form
from bots.dialogue.forming import Keeper
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from config.forms import MEASURE, Step
from safety_service.actions import drafts, measures, plans
from safety_service.actions.drafts import Draft
from safety_service.actions.errors import NotFound
from safety_service.actions.measures import Verdict
from safety_service.actions.ties import REASON_WANTED
from safety_service.domain.plan import Measure, MeasureDecision, in_known_words
from safety_service.domain.refusal import Refused

#: Which measure, and which decision: what the question says.
ABOUT = "_about"
#: What can be decided by a button; to change one takes a page.
BY_BUTTON = (MeasureDecision.ACCEPT, MeasureDecision.REFUSE)


class MeasureForm(Keeper):
    """The subject is the measure; the decision is `_about`'s `kind`."""

    form = MEASURE

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:  # noqa: ARG002
        """Which measure, and what is about to be said of it."""
        about: dict[str, Any] = draft.answers.get(ABOUT, {})
        return about

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:  # noqa: ARG002
        """The ready reasons of the agency's guidance."""
        kind = MeasureDecision(draft.answers[ABOUT]["kind"])
        ready = await measures.ready_reasons(turn.tx, turn.actor, kind)
        return [{"value": key, "label": says} for key, says in ready.items()]

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Decide."""
        about = draft.answers[ABOUT]
        verdict = Verdict(kind=MeasureDecision(about["kind"]), reason=draft.answers["reason"])
        row = await measures.decide(turn.tx, turn.actor, draft.subject_id, verdict)
        await drafts.end(turn.tx, draft)
        await turn.answer("reply.measure_decided", says=await _said(turn, row), verdict=about["kind"], phase=None)


async def press(turn: Turn, token: Token) -> None:
    """Accept or refuse a proposal: the reason is asked, and that is all."""
    if token.id is None or token.word not in [str(each) for each in BY_BUTTON]:
        raise NotFound
    await _ask(turn, token.id, MeasureDecision(token.word))


async def _ask(turn: Turn, measure_id: UUID, kind: MeasureDecision) -> None:
    found = await measures.to_decide(turn.tx, turn.actor, measure_id)
    if not found.undecided:
        raise Refused("measure_closed")
    about = {"kind": str(kind), "verdict": str(kind), "says": await _said(turn, found)}
    await forming.start(turn, MEASURE.name, measure_id, {ABOUT: about})


async def _said(turn: Turn, row: Measure) -> str:
    """The guidance's words; somebody's own stand on the page, to which the message leads."""
    known = in_known_words(row, (await turn.tx.guidance(turn.actor.agency_id)).guidance)
    return row.says if known else turn.frame.say("say.own_measure")


async def plan(turn: Turn, rest: str) -> None:
    """`/plan REF`: one tap to the plan's own page."""
    if not rest.strip():
        raise Refused("ref_wanted")
    try:
        ref, _ = await plans.where(turn.tx, turn.actor, rest)
    except Refused as why:
        if why.code != REASON_WANTED:
            raise
        await opening_form.ask(turn, rest.strip(), "plan")
        return
    await opening_form.lead(turn, ref, "plan")
