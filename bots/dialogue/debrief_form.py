"""The debrief in the chat: two taps when all was well, part A when it was not, and our own page for the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bots.dialogue import forming
from bots.dialogue.forming import Keeper
from bots.dialogue.render import ceiling_for
from bots.dialogue.turn import Turn
from config.forms import Step
from config.forms_debrief import CHAT, grave, met
from config.guidance import Guidance
from safety_service.actions import debriefs, drafts
from safety_service.actions.debrief_asking import edition_of, quiet_key
from safety_service.actions.drafts import Draft
from safety_service.store.debriefs import Debrief

#: What the answer to Out says besides the question: kept with the draft, so that it stays when it is asked again.
OUT = "_out"
#: Which question a quiet visit is asked besides.
QUIET_KEY = "_quiet_key"


class DebriefForm(Keeper):
    """The subject is the debrief's row, which keeps every answer as it is given."""

    form = CHAT

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:
        """What was met is asked in the guidance's words."""
        if step.key != "met":
            return await super().options(turn, draft, step)
        guidance = await _guidance(turn, draft)
        return [{"value": key, "label": each.says} for key, each in guidance.asked("behaviours").items()]

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:
        """The first question names the visit; a quiet visit's own question is the guidance's."""
        if step.key == "quiet":
            return {"question": (await _guidance(turn, draft)).says("quiet", str(draft.answers.get(QUIET_KEY)))}
        return dict(draft.answers.get(OUT, {})) if step.key == "mood" else {}

    async def took(self, turn: Turn, draft: Draft, step: Step) -> Draft | None:
        """Each answer reaches the debrief at once: what is urgent does not wait for the last question."""
        if draft.answers.get("mood") == "later":
            rest = {key: value for key, value in draft.answers.items() if key != "mood"}
            await forming.leave(turn, replace(draft, answers=rest))
            return None
        key = f"quiet_{draft.answers.get(QUIET_KEY)}" if step.key == "quiet" else step.key
        given = draft.answers[step.key]
        row = await debriefs.keep(
            turn.tx, turn.actor, draft.subject_id, {key: given} if given else _none(key), keys=[key]
        )
        return await _with_moment(turn, draft, step, row)

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Part A is told. Where there is no more to tell, so is the whole."""
        row = await debriefs.give_first_part(turn.tx, turn.actor, draft.subject_id)
        await drafts.end(turn.tx, draft)
        guidance = (await edition_of(turn.tx, row)).guidance
        if debriefs.more_to_tell(guidance, row):
            await turn.answer("form.debrief.first", **await turn.following(), page=debriefs.page_of(row))
            return
        await debriefs.submit(turn.tx, turn.actor, draft.subject_id, {})
        await turn.answer("form.debrief.done", **await turn.following())


def _none(key: str) -> dict[str, Any]:
    """Nothing was met: that is an answer. What was passed over is none."""
    return {"met": []} if key == "met" else {}


async def _with_moment(turn: Turn, draft: Draft, step: Step, row: Debrief) -> Draft:
    """What follows from an answer for the questions after it."""
    own: dict[str, Any] = {}
    if step.key == "mood":
        key = await quiet_key(turn.tx, row) if row.answers.get("mood") == "fine" else None
        own = {"_quiet": "yes" if key else "no", QUIET_KEY: key}
    if step.key == "met":
        found = met(await _guidance(turn, draft), row.answers).values()
        violent = any(each.violent for each in found)
        own = {"_violent": "yes" if violent else "no", "_grave": "yes" if grave(found) else "no"}
    return draft if not own else await drafts.save(turn.tx, replace(draft, answers={**draft.answers, **own}))


async def _guidance(turn: Turn, draft: Draft) -> Guidance:
    row = await debriefs.own(turn.tx, turn.actor, draft.subject_id)
    return (await edition_of(turn.tx, row)).guidance


async def ask_how_it_was(turn: Turn, row: Debrief, out: dict[str, Any]) -> None:
    """Ask, in the answer to Out itself (`out`: what else that answer says)."""
    await forming.start(turn, CHAT.name, row.id, {OUT: out, "_words": _carries_words(turn)})


def _carries_words(turn: Turn) -> str:
    """Whether what happened may be told in this chat; else our own page asks for it."""
    return "yes" if ceiling_for(turn.policy, turn.said.channel, "form.debrief.happened") == "case" else "no"


async def go_on(turn: Turn, row: Debrief) -> None:
    """Ask again where it was left; the rest of a debrief is for our own page."""
    if row.first_part_at is not None:
        await turn.answer("debrief.rest", **await debriefs.about(turn.tx, row), page=debriefs.page_of(row))
        return
    draft = await drafts.of(turn.tx, turn.actor, CHAT.name, row.id)
    if draft is None:
        await ask_how_it_was(turn, row, await debriefs.about(turn.tx, row))
    else:
        await forming.ask(turn, replace(draft, answers={**draft.answers, "_words": _carries_words(turn)}))
