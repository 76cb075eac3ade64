"""What the phone cannot do for a while: battery low, no signal. Silence still counts, but for what was said ahead."""

from __future__ import annotations

from datetime import timedelta

from bots.dialogue import at_work
from bots.dialogue.tokens import Token
from bots.dialogue.turn import Turn
from bots.dialogue.understanding import read_length
from safety_service.actions import words
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Phase
from safety_service.store.visits import VisitRow


async def battery(turn: Turn, _rest: str = "") -> None:
    """Noted; whom to ring from any other phone."""
    running = turn.current is not None and turn.phase in (Phase.INSIDE, Phase.HOME)
    visit_id = turn.current.id if turn.current is not None and running else None
    await words.battery(turn.tx, turn.actor, visit_id, turn.word())
    office = turn.agency.office_phone or turn.policy.office_number
    await turn.answer("reply.battery", office_phone=office, **({} if running else {"due_at": None}))


async def press_battery(turn: Turn, _token: Token) -> None:
    """The button beside the first answer inside."""
    await battery(turn)


async def no_signal(turn: Turn, rest: str = "") -> None:
    """`/nosignal 40m`; without a length it is asked for."""
    length = read_length(rest) if rest.strip() else None
    if rest.strip() and length is None:
        raise Refused("extend_by_more_than_nothing")
    await quiet_for(turn, length)


async def quiet_for(turn: Turn, length: timedelta | None) -> None:
    """No word for so long, within what there is; None: ask for how long."""
    row = turn.current
    if row is None:
        await turn.answer("reply.nothing_now")
    elif length is None and turn.inside:
        await turn.answer("reply.how_long")
    else:
        await _quiet(turn, row, length or timedelta())


async def press_no_signal(turn: Turn, token: Token) -> None:
    """The button: for how long?"""
    if await at_work.asked_about(turn, token) is not None:
        await quiet_for(turn, None)


async def press_quiet(turn: Turn, token: Token) -> None:
    """A length was chosen."""
    row = await at_work.asked_about(turn, token)
    if row is None:
        return
    if not token.word.isdecimal():
        raise NotFound
    await _quiet(turn, row, timedelta(seconds=int(token.word)))


async def _quiet(turn: Turn, row: VisitRow, length: timedelta) -> None:
    until = turn.said.said_at + length
    receipt = await words.silence(turn.tx, turn.actor, row.id, turn.word(), until)
    turn.current = receipt.visit
    await turn.answer("reply.silence")
