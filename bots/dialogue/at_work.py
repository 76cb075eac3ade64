"""A worker's words: at the door, inside, out, home, and the two cries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from bots.dialogue import debrief_form
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from safety_service.actions import debriefs, reading, words
from safety_service.actions.telling import iso
from safety_service.actions.words import Receipt
from safety_service.domain.effects import Question
from safety_service.domain.watch import end_counts, level_of
from safety_service.domain.words import Phase
from safety_service.store.visits import VisitRow


async def begin(turn: Turn, row: VisitRow) -> None:
    """Going in."""
    await _said(turn, await words.begin(turn.tx, turn.actor, row.id, turn.word()), "reply.begin")


async def ok(turn: Turn, row: VisitRow) -> None:
    """All well; a position that is far from the planned place is asked about."""
    receipt = await words.ok(turn.tx, turn.actor, row.id, turn.word())
    away = receipt.distance_m
    far = away is not None and away > turn.policy.words.wrong_place_m
    await _said(turn, receipt, "reply.ok_far" if far else "reply.ok", distance_m=away)


async def extend(turn: Turn, row: VisitRow, by: timedelta | None = None, own: str | None = None) -> None:
    """Longer inside, later at the door, a longer way home."""
    watch = turn.watch_of(row)
    usual = turn.policy.words.travel if watch.phase is Phase.HOME else turn.policy.words.extend
    receipt = await words.extend(turn.tx, turn.actor, row.id, turn.word(own=own), by or usual)
    if receipt.kept_back:
        await _kept_back(turn, receipt)
        return
    after = watch if receipt.visit is None else turn.watch_of(receipt.visit)
    last = after.spent >= turn.policy.level(level_of(row.visit.risk)).cap
    if after.phase is Phase.BEGIN:
        await _said(turn, receipt, "reply.late", last=last)
        return
    # Where the next word is expected before the end, the answer would not show that the end has moved.
    moved = after.phase is Phase.INSIDE and after.ends_at != after.due_at
    await _said(turn, receipt, "reply.extend", last=last, out_by=iso(after.ends_at) if moved else None)


async def extend_short(turn: Turn, row: VisitRow) -> None:
    """A little longer, inside."""
    await extend(turn, row, turn.policy.words.extend_short)


async def out(turn: Turn, row: VisitRow, own: str | None = None) -> None:
    """Out: the answer itself asks how it was."""
    receipt = await words.left(turn.tx, turn.actor, row.id, turn.word(own=own))
    if receipt.kept_back:
        await _kept_back(turn, receipt)
        return
    await turn.look()
    said = await _out_says(turn, receipt)
    wanted = next((each for each in await debriefs.wanted_of(turn.tx, turn.actor) if each.visit_id == row.id), None)
    if wanted is None:
        await turn.answer("reply.out", **said)
    else:
        await debrief_form.ask_how_it_was(turn, wanted, said)


async def _out_says(turn: Turn, receipt: Receipt) -> dict[str, Any]:
    """When they left, by when home is expected, or what is next; and the buttons of the way home."""
    said = {"said_at": iso(receipt.said_at), "starts_at": None, "due_at": None}
    if turn.phase is Phase.HOME and turn.current is not None:
        return {**said, **turn.situation(), "starts_at": None}
    return {**said, **await turn.following()}


async def home(turn: Turn, row: VisitRow, own: str | None = None) -> None:
    """Home, or back at the office."""
    receipt = await words.home(turn.tx, turn.actor, row.id, turn.word(own=own))
    if receipt.kept_back:
        await _kept_back(turn, receipt)
        return
    await turn.look()
    await turn.answer("reply.home", said_at=iso(receipt.said_at), **await turn.following())


async def _kept_back(turn: Turn, receipt: Receipt) -> None:
    """Their own word is wanted first: that question is the answer. Twice wrong: answered as ring me is."""
    turn.current = receipt.visit
    if not receipt.own_word_wanted:
        await _cried(turn, "ring_me")


async def cancel(turn: Turn, row: VisitRow) -> None:
    """Not going."""
    receipt = await words.cancel(turn.tx, turn.actor, row.id, turn.word())
    await turn.look()
    at = receipt.visit or row
    home_by = turn.watch_of(at).due_at if turn.watch_of(at).phase is Phase.HOME else None
    await turn.answer("reply.cancel", starts_at=iso(row.visit.starts_at), due_at=iso(home_by))


async def ring_me(turn: Turn) -> None:
    """Ring me: inside, answered as an OK is."""
    visit_id = turn.current.id if turn.current is not None and turn.phase is not Phase.BEGIN else None
    await words.ring_me(turn.tx, turn.actor, visit_id, turn.word())
    await _cried(turn, "ring_me")


async def sos(turn: Turn) -> None:
    """Send help: inside, answered as an OK is."""
    await words.sos(turn.tx, turn.actor, None, turn.word())
    await _cried(turn, "sos")


async def _cried(turn: Turn, what: str) -> None:
    if turn.inside:
        await turn.answer(f"reply.{what}")
    else:
        office = turn.agency.office_phone or turn.policy.office_number
        await turn.answer(f"reply.{what}_outside", office_phone=office)


async def _said(turn: Turn, receipt: Receipt, template: str, **more: Any) -> None:
    turn.current = receipt.visit
    if receipt.visit is None or not turn.watch_of(receipt.visit).live:
        await turn.look()
    await turn.answer(template, **more)


Word = Callable[[Turn, VisitRow], Awaitable[None]]
#: Buttons of a question: each carries the question's number.
ANSWERS: dict[str, Word] = {
    "begin": begin,
    "ok": ok,
    "extend": extend,
    "extend_short": extend_short,
    "late": extend,
    "out": out,
    "home": home,
    "not_going": cancel,
}


async def press(turn: Turn, token: Token) -> None:
    """A button of a question, or the always-there row."""
    row = await asked_about(turn, token)
    if row is not None:
        await ANSWERS[token.verb](turn, row)


async def asked_about(turn: Turn, token: Token) -> VisitRow | None:
    """The visit that a button is about. None: it answers nothing any more, and the present question has been asked."""
    row = turn.current if token.id is None else await reading.visit(turn.tx, turn.actor, token.id)
    if row is None:
        await turn.answer("reply.nothing_now")
        return None
    if token.number is not None and turn.watch_of(row).ask != token.number:
        await turn.answer("reply.stale", phase=None)
        await ask_again(turn)
        return None
    return row


async def ask_again(turn: Turn) -> None:
    """The present question."""
    if turn.current is None:
        await turn.answer("reply.nothing_now")
        return
    watch = turn.watch_of(turn.current)
    question = {Phase.BEGIN: Question.GOING_IN, Phase.HOME: Question.HOME}.get(watch.phase, Question.CHECK_IN)
    if watch.due_at is not None and end_counts(watch, watch.due_at):
        question = Question.STILL_ON
    length = turn.current.visit.ends_at - turn.current.visit.starts_at
    about = {**turn.about(turn.current), "time": iso(watch.due_at), "minutes": round(length.total_seconds() / 60)}
    await turn.answer(f"ask.{question}", **about)
