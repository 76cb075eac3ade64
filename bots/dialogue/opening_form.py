"""Why somebody opens a family that they have nothing to do with now: asked once in the chat, then its page."""

from __future__ import annotations

from typing import Any

from bots.dialogue import forming
from bots.dialogue.forming import Keeper
from bots.dialogue.turn import Turn
from config.forms import OPENING, Step
from safety_service.actions import drafts, families, opening
from safety_service.actions.drafts import Draft

#: Which family, and which page of it.
ABOUT = "_about"


class OpeningForm(Keeper):
    """What is wanted stands in `_about`: the `ref` as it was typed, and `what` (`briefing`, `plan`)."""

    form = OPENING

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:  # noqa: ARG002
        """Which family."""
        return {"ref": draft.answers[ABOUT]["ref"]}

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:  # noqa: ARG002
        """What is said most, kept in its words."""
        names = [f"option.{OPENING.name}.{step.key}.{each}" for each in step.options]
        return [{"value": turn.frame.say(name), "name": name} for name in names]

    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Open it."""
        about = draft.answers[ABOUT]
        ref = await opening.open_family(turn.tx, turn.actor, about["ref"], draft.answers["reason"])
        await drafts.end(turn.tx, draft)
        await lead(turn, ref, about["what"])


async def ask(turn: Turn, ref: str, what: str) -> None:
    """Ask for the reason."""
    await forming.start(turn, OPENING.name, answers={ABOUT: {"ref": ref, "what": what}})


async def lead(turn: Turn, ref: str, what: str) -> None:
    """One tap to the family's page: the chat itself says nothing of it."""
    page = families.page_of(ref, what)
    if what == "plan":
        await turn.answer("reply.plan", ref=ref, page=page, phase=None)
    else:
        await turn.answer("reply.brief", ref=ref, page=page, page_label="button.read", phase=None, visit_id=None)
