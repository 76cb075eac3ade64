"""In a chat: a second administrator agrees to a policy that is less strict, or does not."""

from __future__ import annotations

from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from config.policy import PolicyError
from safety_service.actions import policies
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused

VERBS = ("policy_yes", "policy_no")


async def press(turn: Turn, token: Token) -> None:
    """Agree, or refuse."""
    if token.id is None:
        raise NotFound
    if token.verb == "policy_yes":
        try:
            number = await policies.agree(turn.tx, turn.actor, token.id)
        except PolicyError:
            raise Refused("policy_offer_gone") from None
        await turn.answer("reply.policy_agreed", number=number, phase=None)
    else:
        await policies.refuse(turn.tx, turn.actor, token.id)
        await turn.answer("reply.policy_refused", phase=None)
