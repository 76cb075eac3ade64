"""One router for every channel: what was said goes to what it means, and the answer goes back where it came from."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from bots.dialogue import (
    asking,
    at_work,
    attachments,
    commands,
    debrief_form,
    for_help,
    forming,
    on_call,
    own_words,
    phone_state,
    plan_form,
    policy_chat,
    replying,
    seconding_chat,
    tokens,
)
from bots.dialogue.answers import Answer
from bots.dialogue.commands import COMMANDS, Command
from bots.dialogue.debrief_form import DebriefForm
from bots.dialogue.forming import Keeper
from bots.dialogue.incoming import Incoming
from bots.dialogue.known_refusals import REFUSALS
from bots.dialogue.manager_forms import CoverForm, DecisionForm, ResolveForm
from bots.dialogue.opening_form import OpeningForm
from bots.dialogue.plan_form import MeasureForm
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from bots.dialogue.understanding import Meaning, Said, understand
from bots.dialogue.visit_form import VisitForm
from safety_service.actions import debriefs, drafts, duty, refusals, speaking
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Phase
from safety_service.store.database import Tx

log = logging.getLogger(__name__)

KEEPERS: dict[str, Keeper] = {
    each.form.name: each
    for each in (VisitForm(), DebriefForm(), ResolveForm(), DecisionForm(), MeasureForm(), CoverForm(), OpeningForm())
}


async def handle(tx: Tx, incoming: Incoming) -> None:
    """Act on one word, and answer it. What cannot be done is undone, kept, and answered with the reason.

    1. Who speaks, and what they are in the middle of.
    2. What the word means: a button's token, a command, a word of the watch, an answer to an open question.
    3. The action and its answer, in a savepoint of the transaction in which the word is marked as acted on.
    """
    if incoming.person_id is None:
        log.info("a word from nobody we know (%s)", incoming.channel)
        return
    if incoming.channel in replying.KINDS:
        await replying.handle(tx, incoming)
        return
    try:
        who = await speaking.speaker(tx, incoming.person_id, incoming.channel)
    except NotFound:
        log.warning("a word from somebody who is not active any more (%s)", incoming.channel)
        return
    turn = Turn(tx, who.actor, incoming, who.agency, who.policy, who.current, KEEPERS)
    try:
        async with tx.savepoint():
            await _HEARD[incoming.kind](turn)
    except (Refused, NotFound) as why:
        await _refuse(turn, why)


async def _refuse(turn: Turn, why: Refused | NotFound) -> None:
    await refusals.note(turn.tx, turn.actor, _doing(turn.said), why, subject="chat")
    await turn.look()
    code = why.code if isinstance(why, Refused) else "not_found"
    if code not in REFUSALS:
        log.error("a refusal without its wording: %s", code)
        code = "other"
    facts = why.facts if isinstance(why, Refused) else {}
    await turn.answer(f"refused.{code}", **{key: str(value) for key, value in facts.items()})


def _doing(said: Incoming) -> str:
    """What was tried, in a word of ours: never what was typed."""
    if said.kind == "button":
        return said.token.partition(":")[0][:64]
    command = said.text.split()[0].lstrip("/").partition("@")[0] if said.text.startswith("/") else ""
    return command if command in COMMANDS else said.kind


async def _text(turn: Turn) -> None:
    text = turn.said.text.strip()
    if text.startswith("/"):
        await _command(turn, text)
        return
    meant = understand(text)
    if meant is None and await own_words.typed(turn, text):
        return
    draft = None if turn.inside else await drafts.latest(turn.tx, turn.actor)
    answer = None if draft is None else forming.read(turn, draft, text)
    if draft is not None and answer is not None and await _is_for_form(turn, answer, meant, text):
        await forming.typed(turn, draft, answer, text)
    elif meant is not None:
        await _MEANT[meant.meaning](turn, meant)
    else:
        await _not_understood(turn, text)


async def _is_for_form(turn: Turn, answer: Answer, meant: Said | None, text: str) -> bool:
    """An option in its own words is. A word of the watch is not while somebody waits for one, and a cry never is.

    Nor is what somebody types who has called for help: whoever comes reads no form of theirs.
    """
    if answer.named or (meant is None and (forming.turning(turn, text) or not await for_help.has_cried(turn))):
        return True
    if meant is None:
        return False
    watched = turn.situation().get("phase") is not None
    return not watched and answer.fault is None and meant.meaning not in _CRIES


_CRIES = (Meaning.SOS, Meaning.RING_ME, Meaning.HELP)


async def _command(turn: Turn, text: str) -> None:
    name, _, rest = text[1:].partition(" ")
    name = name.partition("@")[0].casefold()
    if name not in COMMANDS:
        await commands.help_(turn)
    elif turn.inside and name not in commands.INSIDE:
        await turn.answer("reply.later")
    else:
        await COMMANDS[name](turn, rest)


async def _not_understood(turn: Turn, text: str) -> None:
    """A note of whoever is watched or has called for help; news of the alert that they have; else what can be said."""
    if turn.phase in (Phase.INSIDE, Phase.HOME) or await for_help.has_cried(turn):
        await for_help.note(turn, text)
    elif not await on_call.note(turn, text) and not await for_help.noted(turn, text):
        await commands.help_(turn)


def _word(command: Command) -> Callable[[Turn, Said], Awaitable[None]]:
    async def act(turn: Turn, _said: Said) -> None:
        await command(turn, "")

    return act


async def _longer(turn: Turn, said: Said) -> None:
    await commands.extend_by(turn, said.by)


async def _no_signal(turn: Turn, said: Said) -> None:
    await phone_state.quiet_for(turn, said.by)


async def _help_wanted(turn: Turn, _said: Said) -> None:
    """Asked plainly: the button is the answer, and one tap."""
    await turn.answer("reply.help_wanted" if turn.inside else "reply.help_wanted_outside")


_MEANT: dict[Meaning, Callable[[Turn, Said], Awaitable[None]]] = {
    Meaning.BEGIN: _word(commands.here),
    Meaning.OK: _word(commands.ok),
    Meaning.EXTEND: _longer,
    Meaning.OUT: _word(commands.left),
    Meaning.HOME: _word(commands.home),
    Meaning.CANCEL: _word(commands.cancel),
    Meaning.RING_ME: _word(commands.ring_me),
    Meaning.SOS: _word(commands.sos),
    Meaning.BATTERY: _word(phone_state.battery),
    Meaning.NO_SIGNAL: _no_signal,
    Meaning.HELP: _help_wanted,
}


async def _button(turn: Turn) -> None:
    token = tokens.read(turn.said.token)
    handler = None if token is None else _PRESSED.get(token.verb)
    if token is None or handler is None:
        await turn.answer("reply.old_button")
    elif turn.inside and token.verb in _NOT_INSIDE:
        await turn.answer("reply.later")
    else:
        await handler(turn, token)


async def _plan(turn: Turn, _token: Token) -> None:
    await commands.visit(turn, "")


async def _today(turn: Turn, _token: Token) -> None:
    await asking.today(turn)


async def _ring_me(turn: Turn, _token: Token) -> None:
    await at_work.ring_me(turn)


async def _list_alarms(turn: Turn, _token: Token) -> None:
    await COMMANDS["alerts"](turn, "")


async def _sos(turn: Turn, _token: Token) -> None:
    await at_work.sos(turn)


async def _debrief(turn: Turn, token: Token) -> None:
    wanted = [each for each in await debriefs.wanted_of(turn.tx, turn.actor) if each.id == token.id]
    if wanted:
        await debrief_form.go_on(turn, wanted[0])
    else:
        await turn.answer("form.finished")


async def _hand_over(turn: Turn, _token: Token) -> None:
    await asking.hand_over(turn)


async def _take_post(turn: Turn, token: Token) -> None:
    if token.id is None:
        raise NotFound
    if token.verb == "post_yes":
        shift = await duty.accept(turn.tx, turn.actor, token.id)
        await turn.answer("reply.post_taken", post=shift.post, until=shift.ends_at.isoformat(), phase=None)
    else:
        await duty.decline(turn.tx, turn.actor, token.id)
        await turn.answer("reply.post_declined", phase=None)


_NOT_INSIDE = frozenset({"f", "plan", "today", "debrief", "hand_over", "measure"})
_PRESSED: dict[str, Callable[[Turn, Token], Awaitable[None]]] = {
    **dict.fromkeys(at_work.ANSWERS, at_work.press),
    **dict.fromkeys(on_call.HANDLERS, on_call.press),
    "ring_me": _ring_me,
    "list_alarms": _list_alarms,
    "help": _sos,
    "word": own_words.press,
    "battery": phone_state.press_battery,
    "no_signal": phone_state.press_no_signal,
    "quiet": phone_state.press_quiet,
    "f": forming.press,
    "plan": _plan,
    "today": _today,
    "debrief": _debrief,
    "hand_over": _hand_over,
    "measure": plan_form.press,
    "post_yes": _take_post,
    "post_no": _take_post,
    **dict.fromkeys(seconding_chat.VERBS, seconding_chat.press),
    **dict.fromkeys(policy_chat.VERBS, policy_chat.press),
}


async def _position(turn: Turn) -> None:
    """Sent by hand it is an OK; where a form asks for a place, it is the answer; after a cry it is where they are."""
    cried = await for_help.has_cried(turn)
    draft = None if turn.inside or cried else await drafts.latest(turn.tx, turn.actor)
    place = turn.said.position
    if draft is not None and place is not None and await forming.placed(turn, draft, place):
        return
    if not await for_help.placed(turn):
        if turn.current is None:
            await for_help.keep_unseen(turn, turn.frame.say("say.position"))
        await commands.ok(turn)


async def _note(turn: Turn) -> None:
    """What was edited afterwards, forwarded or drawn is kept, and answers no open question; duress is heard."""
    await own_words.overheard(turn, turn.said.text)
    await for_help.note(turn, turn.said.text.strip() or turn.frame.say("say.note"))


_HEARD: dict[str, Callable[[Turn], Awaitable[None]]] = {
    "text": _text,
    "button": _button,
    "position": _position,
    "live_position": for_help.live_position,
    "voice": attachments.heard,
    "photo": attachments.heard,
    "document": attachments.heard,
    "note": _note,
}
