"""Which words wait behind nobody else's: calls for help, and whoever takes an alert or rings back."""

from typing import Any

from bots.dialogue import tokens
from bots.dialogue.understanding import Meaning, understand

_MEANT = frozenset({Meaning.SOS, Meaning.HELP, Meaning.RING_ME})
_PRESSED = frozenset({"help", "ring_me", "take", "take_over", "take_all", "accept", "spoke", "raise", "no_answer"})


def cannot_wait(payload: dict[str, Any]) -> bool:
    """Whether this word (`Incoming.payload`) is one of them.

    Told by the word alone. What only its speaker knows for a call for help looks like any other here, too (P5).
    """
    token = tokens.read(payload.get("token") or "")
    if token is not None and token.verb in _PRESSED:
        return True
    said = understand((payload.get("text") or "").removeprefix("/").partition("@")[0])
    return said is not None and said.meaning in _MEANT
