"""What is to be said next, with the chat's own buttons as plain ones: whoever has no script says the same words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from bots.dialogue.inbox import act_on, take_in
from bots.dialogue.incoming import Incoming
from bots.dialogue.render import Button, Rendered, ceiling_for, render
from bots.dialogue.router import handle
from bots.dialogue.turn import Turn
from safety_service.actions import conversation, linking, speaking
from safety_service.actions.telling import iso
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.web.visitor import Visitor

#: The words are the chat's, said by another door.
CHANNEL = "webchat"
#: While somebody may be looking over the worker's shoulder.
INSIDE_CEILING = "public"
#: What was answered longer ago stands in the chat.
ANSWERED = timedelta(minutes=2)
#: The answer to a press that belongs to a question of before.
STALE = "reply.stale"
#: The id that a form gives its word: sent twice, it is heard once.
WORD = re.compile(r"^[0-9a-f]{32}$")
#: No button is longer.
LABEL = 100


@dataclass(frozen=True, slots=True)
class Say:
    """The last answer, how things stand, and what can be pressed; `word`: the id of the word that a press makes."""

    answer: str
    stands: str
    buttons: tuple[Button, ...]
    word: str


async def now_of(tx: Tx, visitor: Visitor, *, inside: bool) -> Say:
    """How the visitor stands now."""
    who = await speaking.speaker(tx, visitor.person_id, CHANNEL)
    heard = Incoming(person_id=visitor.person_id, channel=CHANNEL, kind="text", said_at=tx.now, provider_id="")
    turn = Turn(tx, who.actor, heard, who.agency, who.policy, who.current, {})
    answered = await _answered(tx, visitor, turn, inside=inside)
    stands = _stands(visitor, turn, inside=inside)
    pressed = answered if answered is not None and answered.buttons else stands
    buttons = tuple(each for row in pressed.buttons for each in row if each.token) if pressed is not None else ()
    return Say(
        answer="" if answered is None else answered.text,
        stands="" if stands is None else stands.text,
        buttons=buttons,
        word=new_id().hex,
    )


def _stands(visitor: Visitor, turn: Turn, *, inside: bool) -> Rendered | None:
    if turn.current is None:
        return None
    watch = turn.watch_of(turn.current)
    params = {**turn.situation(), "next_at": iso(watch.next_at)}
    ceiling = INSIDE_CEILING if inside else ceiling_for(turn.policy, CHANNEL, f"reply.where_{watch.phase}")
    return render(
        f"reply.where_{watch.phase}",
        params,
        channel=CHANNEL,
        ceiling=ceiling,
        zone=visitor.known.zone,
        now=turn.tx.now,
    )


async def _answered(tx: Tx, visitor: Visitor, turn: Turn, *, inside: bool) -> Rendered | None:
    """The newest message in the chat, if it came just now and is about nobody else."""
    spoken = await conversation.look(tx, visitor.actor, tx.now - ANSWERED)
    told = [each for each in spoken.told if each.alert_id is None and each.at >= tx.now - ANSWERED]
    if not told:
        return None

    def said(each: conversation.Told) -> Rendered:
        ceiling = INSIDE_CEILING if inside else ceiling_for(turn.policy, CHANNEL, each.template)
        return render(
            each.template, each.params, channel=CHANNEL, ceiling=ceiling, zone=visitor.known.zone, now=each.at
        )

    last = said(told[-1])
    # A press that came too late was not heard: the question that follows must not look like the answer to it.
    unheard = [each for each in told[-2:-1] if each.template == STALE]
    return replace(last, text=f"{said(unheard[0]).text}\n{last.text}") if unheard else last


async def say(tx: Tx, visitor: Visitor, token: str, word: str, label: str) -> None:
    """A button was pressed, which the chat shows as said. Raises Refused `not_a_word`: it is none of ours."""
    if not WORD.match(word):
        raise Refused("not_a_word")
    await linking.open_chat_page(tx, visitor.person_id)
    chat = str(visitor.person_id)
    said = Incoming(
        person_id=visitor.person_id,
        channel=CHANNEL,
        kind="button",
        said_at=tx.now,
        provider_id=f"{visitor.person_id}:{UUID(word)}",
        chat=chat,
        token=token[:64],
        # Which of the four words was theirs stays in no chat.
        extra={} if token.startswith("word:") else {"label": label[:LABEL]},
    )
    if await take_in(tx, CHANNEL, said.provider_id, chat, said.person_id, said.said_at, said.payload()):
        await act_on(tx, CHANNEL, chat, handle)
