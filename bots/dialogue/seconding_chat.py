"""In a chat: agreeing to what will speak for a colleague with rights, or not."""

from __future__ import annotations

from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from safety_service.actions import seconding
from safety_service.actions.errors import NotFound
from safety_service.actions.telling import iso

VERBS = ("channel_yes", "channel_no")


async def press(turn: Turn, token: Token) -> None:
    """It was them, or it was not."""
    if token.id is None:
        raise NotFound
    yes = token.verb == "channel_yes"
    act = seconding.agree if yes else seconding.refuse
    channel, person = await act(turn.tx, turn.actor, token.id)
    template = "reply.channel_agreed" if yes else "reply.channel_refused"
    await turn.answer(template, kind=channel.kind, name=person.name, at=iso(turn.tx.now), phase=None)
