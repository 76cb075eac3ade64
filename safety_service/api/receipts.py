"""What a word is answered with: the next time that one is expected, and the sentence that the chat would say."""

from __future__ import annotations

from typing import Any

from bots.dialogue.render import ceiling_for, render
from safety_service.actions import phrases
from safety_service.actions.telling import iso
from safety_service.actions.words import Receipt
from safety_service.api.call import VIA, Call
from safety_service.domain.words import Phase

#: Cries are answered inside as an OK is, and elsewhere with what they set going.
CRIES = frozenset({"ring_me", "sos"})


async def word_shape(call: Call, receipt: Receipt) -> dict[str, Any]:
    """The answer to a word."""
    return {
        "due_at": iso(receipt.due_at),
        "said_at": receipt.said_at.isoformat(),
        "late": receipt.late,
        "message": await _message(call, receipt),
        "visit_id": None if receipt.visit is None else str(receipt.visit.id),
        "own_word_wanted": receipt.own_word_wanted,
        "words": await _four(call, receipt),
        "dropped": [{"pointer": each.pointer, "detail": each.detail} for each in call.dropped],
    }


async def _four(call: Call, receipt: Receipt) -> list[str]:
    """What to choose one's own word from, in another order each time; empty where none is asked for."""
    if not receipt.own_word_wanted or receipt.visit is None:
        return []
    ask = receipt.visit.visit.watch(call.actor.person_id).ask
    return await phrases.row_of(call.tx, call.actor.person_id, receipt.visit.id, ask)


async def _message(call: Call, receipt: Receipt) -> str:
    """Said as the chat says it, and fit for a screen that somebody else may see."""
    policy = await call.tx.policy()
    template = _template(call, receipt, policy.words.wrong_place_m)
    visit = receipt.visit
    params = {
        "due_at": iso(receipt.due_at),
        "said_at": iso(receipt.said_at),
        "starts_at": None if visit is None else iso(visit.visit.starts_at),
        "ref": None if visit is None else visit.family_ref,
        "distance_m": receipt.distance_m,
        "office_phone": call.known.office_phone,
    }
    ceiling = ceiling_for(policy, VIA, template)
    return render(template, params, channel=VIA, ceiling=ceiling, zone=call.known.zone, now=call.tx.now).text


def _template(call: Call, receipt: Receipt, far_m: int) -> str:
    phase = None if receipt.visit is None else receipt.visit.visit.watch(call.actor.person_id).phase
    if receipt.own_word_wanted:
        return "ask.own_word"
    said = "reply.ring_me" if receipt.kept_back else f"reply.{receipt.what}"
    if receipt.kept_back:
        return said if phase is Phase.INSIDE else f"{said}_outside"
    if receipt.what in CRIES:
        return said if phase is Phase.INSIDE else f"{said}_outside"
    if receipt.what == "extend" and phase is Phase.BEGIN:
        return "reply.late"
    if receipt.what == "ok" and receipt.distance_m is not None and receipt.distance_m > far_m:
        return "reply.ok_far"
    return said
