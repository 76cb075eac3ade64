"""What is said that is no word of the watch: a note on the visit, or on the alert that is open about the speaker."""

from __future__ import annotations

from uuid import UUID

from bots.dialogue.turn import Turn
from safety_service.actions import from_there, live, words
from safety_service.actions.from_there import Call
from safety_service.domain.words import Phase

_WATCHED = (Phase.INSIDE, Phase.HOME)


async def call_of(turn: Turn) -> Call | None:
    """The open alert to which belongs what the speaker sends now; inside, all that they send is the visit's."""
    here = None if turn.current is None else turn.current.id
    return None if turn.inside else await from_there.call_of(turn.tx, turn.actor.person_id, here)


async def place_of(turn: Turn) -> UUID | None:
    """The visit, if any, with which something said is kept that is no word of the watch."""
    call = await call_of(turn)
    if call is not None:
        return call.visit_id
    # For whoever comes, beside what is typed: a visit that is only planned has nothing to do with the alert (P5).
    if turn.phase not in _WATCHED and await from_there.in_duress(turn.tx, turn.actor.person_id):
        return None
    return None if turn.current is None else turn.current.id


async def note(turn: Turn, text: str) -> None:
    """Kept, and answered with "OK?" by whoever is watched; of a call for help it is said that it stands there."""
    call = await call_of(turn)
    await words.note(turn.tx, turn.actor, await place_of(turn), turn.word(note=text))
    if turn.phase in _WATCHED:
        await turn.answer("reply.note")
    else:
        await turn.answer("reply.note_alarm" if call is not None and call.plainly else "reply.note_kept")


async def has_cried(turn: Turn) -> bool:
    """Whether they called for help: what they type is for whoever comes."""
    call = await call_of(turn)
    return call is not None and call.cried


async def placed(turn: Turn) -> bool:
    """A position sent by hand is kept with the alert, unless it is a word of the visit that the alert is about."""
    call = await call_of(turn)
    here = None if turn.current is None else turn.current.id
    if call is None or turn.phase in _WATCHED or (here is not None and call.visit_id == here):
        return False
    await note(turn, turn.frame.say("say.position"))
    return True


async def noted(turn: Turn, text: str) -> bool:
    """Kept with the alert that is open about them, and answered. False: none is that they may know of."""
    if await call_of(turn) is None:
        await keep_unseen(turn, text)
        return False
    await note(turn, text)
    return True


async def keep_unseen(turn: Turn, text: str) -> None:
    """Of somebody under duress it is kept for whoever comes; the answer is that of any other day (P5)."""
    if turn.phase not in _WATCHED and await from_there.in_duress(turn.tx, turn.actor.person_id):
        await words.note(turn.tx, turn.actor, None, turn.word(note=text))


async def live_position(turn: Turn) -> None:
    """The phone sends its position by itself: a sample is kept, the watch stays as it is, and nothing is answered."""
    if turn.current is not None and turn.phase in _WATCHED:
        await live.sample(turn.tx, turn.actor, turn.current.id, turn.word())
        return
    call = await call_of(turn)
    if call is not None or await from_there.in_duress(turn.tx, turn.actor.person_id):
        await live.sample(turn.tx, turn.actor, None if call is None else call.visit_id, turn.word())
