"""What a word is answered with: the next time that one is expected, and the sentence that the chat would say."""

from __future__ import annotations

from typing import Any

from safety_service.actions.words import Receipt
from safety_service.api.call import Call
from safety_service.api.shapes import time_or_none


async def word_shape(call: Call, receipt: Receipt) -> dict[str, Any]:
    """The answer to a word."""
    return {
        "due_at": time_or_none(receipt.due_at),
        "said_at": receipt.said_at.isoformat(),
        "late": receipt.late,
        "message": "",
        "visit_id": None if receipt.visit is None else str(receipt.visit.id),
        "own_word_wanted": receipt.own_word_wanted,
        "dropped": [{"pointer": each.pointer, "detail": each.detail} for each in call.dropped],
    }
