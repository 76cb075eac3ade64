"""Who holds the phone? The worker's own word, tapped or typed; and what is heard without a sign of it."""

from __future__ import annotations

from datetime import timedelta

from bots.dialogue import at_work
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from safety_service.actions import danger, phrases
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Proof
from safety_service.store.visits import VisitRow


async def press(turn: Turn, token: Token) -> None:
    """One of the four. What waits for it stands on the button: which of them is whose, nowhere."""
    if token.number is None:
        raise NotFound
    row = await at_work.asked_about(turn, token)
    if row is None:
        return
    place, _, rest = token.word.partition(".")
    held, _, seconds = rest.partition(".")
    four = await phrases.row_of(turn.tx, turn.actor.person_id, row.id, token.number)
    if not place.isdecimal() or int(place) >= len(four):
        raise NotFound
    by = timedelta(seconds=float(seconds)) if seconds.replace(".", "", 1).isdecimal() else None
    await _say(turn, row, held, by, four[int(place)])


async def typed(turn: Turn, text: str) -> bool:
    """An agreed word that was typed. True: it answered the question that is open, which was asked for it.

    Where none is open, it goes on as any unknown text does; the duress word is heard all the same.
    """
    proof = await phrases.heard(turn.tx, turn.actor, text)
    if proof is None:
        return False
    waiting = None if turn.current is None else await phrases.waiting_word(turn.tx, turn.actor, turn.current)
    if turn.current is not None and waiting is not None:
        await _say(turn, turn.current, waiting.word, waiting.by, text)
        return True
    if proof is Proof.DURESS:
        await _in_duress(turn)
    return False


async def overheard(turn: Turn, text: str) -> None:
    """The duress word where no word is looked for: under a picture, in what was edited. Nothing is answered to it."""
    if await phrases.heard(turn.tx, turn.actor, text) is Proof.DURESS:
        await _in_duress(turn)


async def _in_duress(turn: Turn) -> None:
    visit_id = None if turn.current is None else turn.current.id
    await danger.duress(turn.tx, turn.actor.person_id, visit_id, min(turn.said.said_at, turn.tx.now))


async def _say(turn: Turn, row: VisitRow, held: str, by: timedelta | None, own: str) -> None:
    if held == "extend":
        await at_work.extend(turn, row, by, own)
    elif held == "out":
        await at_work.out(turn, row, own)
    elif held == "home":
        await at_work.home(turn, row, own)
    else:
        raise Refused("other")
