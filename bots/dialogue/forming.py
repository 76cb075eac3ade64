"""Forms in the chat: one question at a time, each answer a row, so that nothing typed is lost (P9)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from bots.dialogue.answers import Answer, read_option, read_typed
from bots.dialogue.incoming import Place
from bots.dialogue.render import ceiling_for
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from config.forms import Form, Kind, Step
from config.wording import Sensitivity
from safety_service.actions import drafts, telling
from safety_service.actions.drafts import Draft

#: The form's own: options as they were shown, the choices of many so far, earlier answers, those kept from last time.
SHOWN, PICKED, WAS, KEPT = "_shown", "_picked", "_was", "_kept"
SAME = "_same"


class Keeper(ABC):
    """What a form needs besides its questions. The plain one asks what the form says, and no more."""

    form: Form

    async def options(self, turn: Turn, draft: Draft, step: Step) -> list[dict[str, Any]]:  # noqa: ARG002
        """What can be chosen: a `value`, and what says it (`name`, a kept label; or `label`, `at`, `seconds`)."""
        if step.kind is Kind.DURATION:
            return [{"value": each, "seconds": float(each)} for each in step.options]
        return [{"value": each, "name": f"option.{self.form.name}.{step.key}.{each}"} for each in step.options]

    async def words(self, turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:  # noqa: ARG002
        """What fills the question's braces."""
        return {}

    async def took(self, turn: Turn, draft: Draft, step: Step) -> Draft | None:  # noqa: ARG002
        """The step was answered. Gives the draft to go on with; None: it has been seen to."""
        return draft

    @abstractmethod
    async def finish(self, turn: Turn, draft: Draft) -> None:
        """Every question is answered: do it. What is refused leaves the draft as it was before the last answer."""


async def start(
    turn: Turn, name: str, subject_id: UUID = drafts.NOTHING, answers: dict[str, Any] | None = None
) -> None:
    """Begin a form with what is known already, and ask its first question."""
    await ask(turn, await drafts.begin(turn.tx, turn.actor, name, subject_id, answers or {}))


async def begin_or_go_on(turn: Turn, name: str, subject_id: UUID = drafts.NOTHING) -> None:
    """Begin a form; one that was left half-filled is offered first."""
    draft = await drafts.of(turn.tx, turn.actor, name, subject_id)
    if draft is None or not turn.keepers[name].form.given(draft.answers):
        await start(turn, name, subject_id)
        return
    asked = await drafts.save(turn.tx, replace(draft, step="", seq=draft.seq + 1))
    await turn.answer("form.go_on", draft=str(asked.id), seq=asked.seq, phase=None)


async def ask(turn: Turn, draft: Draft) -> None:
    """Ask the first question that is open; when none is, do what the form is for."""
    keeper = turn.keepers[draft.form]
    step = keeper.form.next_step(draft.answers)
    if step is None:
        await keeper.finish(turn, draft)
        return
    shown = await keeper.options(turn, draft, step)
    if step.key in draft.answers.get(WAS, {}):
        shown = [{"value": SAME, "name": "button.same"}, *shown]
    asked = replace(draft, answers={**draft.answers, SHOWN: shown}, step=step.key, seq=draft.seq + 1)
    await _say(turn, await drafts.save(turn.tx, asked), step, await keeper.words(turn, asked, step))


async def _say(turn: Turn, draft: Draft, step: Step, words: Mapping[str, Any]) -> None:
    """Where this channel may not carry the question, our own page asks it."""
    template = f"form.{draft.form}.{step.key}"
    params = {
        **_turns(turn, draft, step),
        "options": draft.answers[SHOWN],
        "picked": draft.answers.get(PICKED, []),
        "position": step.kind is Kind.PLACE,
        **words,
    }
    if step.sensitivity <= Sensitivity[ceiling_for(turn.policy, turn.said.channel, template).upper()]:
        await turn.answer(template, **params)
        return
    await turn.answer("form.elsewhere", **_turns(turn, draft, step))
    await telling.answer(turn.tx, turn.actor.person_id, "webchat", template, params)


def _turns(turn: Turn, draft: Draft, step: Step) -> dict[str, Any]:
    many = step.kind is Kind.MANY
    return {
        "form": draft.form,
        "step": step.key,
        "draft": str(draft.id),
        "seq": draft.seq,
        "done": many,
        "skip": step.optional and not many,
        "back": _before(turn, draft) is not None,
        # Where one may answer "later", leaving it is the same thing said twice.
        "leave": "later" not in step.options,
        "phase": None,
    }


def _before(turn: Turn, draft: Draft) -> Step | None:
    """The question that was answered here before the open one; what was kept from last time was not asked."""
    kept = draft.answers.get(KEPT, ())
    asked = {key: value for key, value in draft.answers.items() if key not in kept}
    return turn.keepers[draft.form].form.step_before(draft.step, asked)


async def press(turn: Turn, token: Token) -> None:
    """A button of a form. Of an older question: the present one is asked again."""
    draft = None if token.id is None else await drafts.load(turn.tx, turn.actor, token.id)
    if draft is None:
        await turn.answer("form.finished")
    elif token.number != draft.seq:
        await turn.answer("reply.stale", phase=None)
        await ask(turn, draft)
    elif token.word in _TURNS:
        await _TURNS[token.word](turn, draft)
    else:
        await _choose(turn, draft, token.word)


async def _choose(turn: Turn, draft: Draft, place: str) -> None:
    step = _open_step(turn, draft)
    value = read_option(draft.answers.get(SHOWN, []), place)
    if step is None or value is None:
        await ask(turn, draft)
    elif value == SAME:
        await give(turn, draft, step, draft.answers[WAS][step.key])
    elif step.kind is Kind.MANY:
        picked = draft.answers.get(PICKED, [])
        await _pick(turn, draft, [each for each in picked if each != value] if value in picked else [*picked, value])
    else:
        await give(turn, draft, step, value)


async def _pick(turn: Turn, draft: Draft, picked: Iterable[str]) -> None:
    await ask(turn, replace(draft, answers={**draft.answers, PICKED: list(dict.fromkeys(picked))}))


def _open_step(turn: Turn, draft: Draft) -> Step | None:
    return turn.keepers[draft.form].form.step(draft.step) if draft.step else None


def read(turn: Turn, draft: Draft, text: str) -> Answer | None:
    """What this text would be as an answer to the open question; None: none is open."""
    step = _open_step(turn, draft)
    return None if step is None else read_typed(step, draft.answers.get(SHOWN, []), text, turn.frame, turn.tx.now)


async def typed(turn: Turn, draft: Draft, answer: Answer, text: str) -> None:
    """An answer in one's own words. What cannot be read is answered with why, and asked again; nothing is lost."""
    step = turn.keepers[draft.form].form.step(draft.step)
    picked = draft.answers.get(PICKED, [])
    if (turned := turning(turn, text)) is not None:
        await _TURNS[turned](turn, draft)
    elif answer.fault is not None:
        await turn.answer(f"form.{answer.fault}", given=text.strip()[:40], phase=None)
        await ask(turn, draft)
    elif step.kind is Kind.MANY and not answer.whole:
        await _pick(turn, draft, [*picked, *answer.value])
    else:
        await give(turn, draft, step, picked if answer.whole else answer.value)


def turning(turn: Turn, text: str) -> str | None:
    """Whoever types what stands on Leave it, Back or Skip means the button: no address is called that."""
    said = text.strip().rstrip(".!").casefold()
    return next(
        (each for each in ("leave", "back", "skip") if said == turn.frame.say(f"button.{each}").casefold()), None
    )


def wants_words(turn: Turn, draft: Draft) -> bool:
    """Whether the open question asks for somebody's own words."""
    step = _open_step(turn, draft)
    return step is not None and step.kind is Kind.TEXT


async def placed(turn: Turn, draft: Draft, place: Place) -> bool:
    """A position, where the open question asks for one. False: it does not."""
    step = _open_step(turn, draft)
    if step is None or step.kind is not Kind.PLACE:
        return False
    await give(turn, draft, step, {"text": "", "latitude": place.latitude, "longitude": place.longitude})
    return True


async def give(turn: Turn, draft: Draft, step: Step, value: Any) -> None:
    """Keep an answer, and go on. What begins with `_` is not an answer but something to do, for the form's keeper."""
    commanded = isinstance(value, str) and value.startswith("_")
    if (fault := None if commanded else step.fault(value)) is not None:
        await turn.answer(f"form.{fault}", given="", phase=None)
        await ask(turn, draft)
        return
    answers = {key: each for key, each in draft.answers.items() if key not in (PICKED, SHOWN)}
    kept = await drafts.save(turn.tx, replace(draft, answers={**answers, step.key: value}))
    going_on = await turn.keepers[draft.form].took(turn, kept, step)
    if going_on is not None:
        await ask(turn, going_on)


def forget(draft: Draft, *keys: str) -> Draft:
    """Without these answers, which are offered again when their questions come."""
    was = {key: draft.answers[key] for key in keys if draft.answers.get(key) not in (None, "", [])}
    left = {key: value for key, value in draft.answers.items() if key not in (*keys, PICKED)}
    return replace(draft, answers={**left, WAS: {**draft.answers.get(WAS, {}), **was}})


async def _back(turn: Turn, draft: Draft) -> None:
    """The question before this one again; what was said to it is offered."""
    before = _before(turn, draft) if draft.step else None
    await ask(turn, draft if before is None else forget(draft, before.key))


async def _done(turn: Turn, draft: Draft) -> None:
    step = _open_step(turn, draft)
    if step is None:
        await ask(turn, draft)
    else:
        await give(turn, draft, step, draft.answers.get(PICKED, []))


async def _skip(turn: Turn, draft: Draft) -> None:
    step = _open_step(turn, draft)
    if step is None or not step.optional:
        await ask(turn, draft)
    else:
        await give(turn, draft, step, NOT_GIVEN)


async def leave(turn: Turn, draft: Draft) -> None:
    """Put it aside: what is typed from now on is no answer to it."""
    await drafts.save(turn.tx, replace(draft, step=""))
    await turn.answer("form.left")


async def _restart(turn: Turn, draft: Draft) -> None:
    await start(turn, draft.form, draft.subject_id)


NOT_GIVEN = ""
_TURNS = {"back": _back, "done": _done, "skip": _skip, "leave": leave, "go_on": ask, "restart": _restart}
