"""The first debrief prompt in the chat: two taps when all was well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bots.dialogue import forming
from bots.dialogue.forming import Keeper
from bots.dialogue.turn import Turn
from config.forms import DEBRIEF, Step
from safety_service.actions import debriefs, drafts
from safety_service.actions.drafts import Draft
from safety_service.store.debriefs import Debrief

#: What the answer to Out says besides the question: kept with the draft, so that it stays when it is asked again.
OUT = "_out"


class DebriefForm(Keeper):
    """The subject is the debrief's row, which keeps every answer as it is given."""

    form = DEBRIEF

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:  # noqa: ARG002
        """The first question names the visit."""
        return dict(draft.answers.get(OUT, {})) if step.key == "mood" else {}

    async def took(self, turn: Turn, draft: Draft, step: Step) -> Draft | None:
        """Each answer reaches the debrief at once: a wish to talk does not wait for the last question."""
        if draft.answers.get("mood") == "later":
            rest = {key: value for key, value in draft.answers.items() if key != "mood"}
            await forming.leave(turn, replace(draft, answers=rest))
            return None
        given = {step.key: draft.answers[step.key]}
        await debriefs.answer(turn.tx, turn.actor, draft.subject_id, given)
        return draft

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Give it."""
        given = await debriefs.submit(turn.tx, turn.actor, draft.subject_id, DEBRIEF.given(draft.answers))
        await drafts.end(turn.tx, draft)
        variant = "talk" if given.wants_to_talk else None
        await turn.answer("form.debrief.done", **await turn.following(), variant=variant)


async def ask_how_it_was(turn: Turn, row: Debrief, out: dict[str, Any]) -> None:
    """Ask, in the answer to Out itself (`out`: what else that answer says)."""
    await forming.start(turn, DEBRIEF.name, row.id, {OUT: out})


async def go_on(turn: Turn, row: Debrief) -> None:
    """Ask again where it was left."""
    draft = await drafts.of(turn.tx, turn.actor, DEBRIEF.name, row.id)
    if draft is None:
        await forming.start(turn, DEBRIEF.name, row.id, {OUT: await debriefs.about(turn.tx, row)})
    else:
        await forming.ask(turn, draft)
